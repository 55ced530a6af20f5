package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.io.IOException
import java.io.InterruptedIOException
import java.util.concurrent.TimeUnit

/**
 * All the waiting for Bonafide that one call does: on the call's own thread, and together no longer than [maxMillis].
 *
 * Only waiting is counted. A slow connect or a large upload leaves a redirect's token as much time as a quick one.
 */
internal class WaitBudget(
    maxMillis: Long,
    /** Asked now and then on an OkHttp whose calls take no listener; null where [cancel] is called. */
    private val isCanceled: (() -> Boolean)?,
) {
    private var leftNanos = TimeUnit.MILLISECONDS.toNanos(maxMillis)

    @Volatile
    private var waiting: Job? = null

    @Volatile
    private var canceled = false

    /** Stops the wait that is on, and every later one. From any thread. */
    fun cancel() {
        canceled = true
        waiting?.cancel()
    }

    /** Runs [block] with what is left, in milliseconds. */
    fun <T> await(block: suspend (Long) -> T): T {
        val startedAt = System.nanoTime()
        val left = TimeUnit.NANOSECONDS.toMillis(leftNanos)
        try {
            return runBlocking {
                waiting = coroutineContext.job
                // Either this sees the flag, or cancel() sees the job.
                if (canceled) coroutineContext.job.cancel()
                // Blocks keep the limit themselves, and know better what to answer when it is over. This is for one that does not.
                val watcher = isCanceled?.let { launch { cancelWhen(it) } }
                withTimeout(left + GRACE_MILLIS) { block(left) }.also { watcher?.cancel() }
            }
        } catch (e: CancellationException) {
            throw failureOf(e)
        } catch (e: InterruptedException) {
            Thread.currentThread().interrupt()
            throw InterruptedIOException("interrupted").apply { initCause(e) }
        } catch (e: RuntimeException) {
            throw BonafideException(StatusCode.INTERNAL_ERROR, detail = e.javaClass.name, cause = e)
        } catch (e: LinkageError) {
            throw BonafideException(StatusCode.INTERNAL_ERROR, detail = e.javaClass.name, cause = e)
        } finally {
            waiting = null
            leftNanos = (leftNanos - (System.nanoTime() - startedAt)).coerceAtLeast(0)
        }
    }

    private suspend fun cancelWhen(isCanceled: () -> Boolean) {
        while (!isCanceled()) delay(POLL_MILLIS)
        cancel()
    }

    private fun failureOf(e: CancellationException): IOException =
        when {
            canceled -> IOException("Canceled", e)
            e is TimeoutCancellationException ->
                BonafideException(StatusCode.INTERNAL_ERROR, detail = "A wait went on beyond its limit.", cause = e)
            else -> BonafideException(StatusCode.INTERNAL_ERROR, detail = "The protection was shut down.", cause = e)
        }
}

private const val GRACE_MILLIS = 500L
private const val POLL_MILLIS = 50L
