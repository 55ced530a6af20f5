package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import kotlinx.coroutines.CancellationException
import java.io.IOException
import java.io.InterruptedIOException
import java.util.concurrent.TimeUnit.MILLISECONDS
import java.util.concurrent.TimeUnit.NANOSECONDS

/**
 * All the waiting for Bonafide that one call does: on the call's own thread, and together no longer than [maxMillis].
 *
 * Only waiting is counted. A slow connect or a large upload leaves a redirect's token as much time as a quick one.
 */
internal class WaitBudget(
    maxMillis: Long,
    /** Whether the call was canceled. */
    private val isCanceled: () -> Boolean,
) {
    private var leftNanos = MILLISECONDS.toNanos(maxMillis)

    @Volatile
    private var waiting: OnThisThread<*>? = null

    /** Stops the wait that is on. From any thread, after [isCanceled] has become true. */
    fun cancel() {
        waiting?.cancel()
    }

    /** Runs [block] with what is left, in milliseconds. */
    fun <T> await(block: suspend (Long) -> T): T {
        val startedAt = System.nanoTime()
        val left = NANOSECONDS.toMillis(leftNanos)
        val run = OnThisThread<T>(isCanceled.takeUnless { OkHttpAbilities.perCall })
        waiting = run
        // Either this sees the flag, or cancel() sees the run.
        if (isCanceled()) throw IOException("Canceled")
        try {
            // Blocks keep the limit themselves, and know better what to answer when it is over. The grace is for one that does not.
            val result = run.run(leftNanos + GRACE_NANOS) { block(left) } ?: throw failure("A wait went on beyond its limit.", null)
            return result.getOrThrow()
        } catch (e: CancellationException) {
            throw if (isCanceled()) IOException("Canceled", e) else failure("The protection was shut down.", e)
        } catch (e: InterruptedException) {
            Thread.currentThread().interrupt()
            throw InterruptedIOException("interrupted").apply { initCause(e) }
        } catch (e: RuntimeException) {
            throw failure(e.javaClass.name, e)
        } catch (e: LinkageError) {
            throw failure(e.javaClass.name, e)
        } finally {
            waiting = null
            leftNanos = (leftNanos - (System.nanoTime() - startedAt)).coerceAtLeast(0)
        }
    }

    private fun failure(
        detail: String,
        cause: Throwable?,
    ) = BonafideException(StatusCode.INTERNAL_ERROR, detail = detail, cause = cause)
}

private const val GRACE_NANOS = 500_000_000L
