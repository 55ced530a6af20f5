package io.bonafide.okhttp

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Job
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit.NANOSECONDS
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.startCoroutineUninterceptedOrReturn

/**
 * Runs suspending code to its end on the thread that asks for it.
 *
 * What `runBlocking` does, less the 20 µs that it costs when nothing suspends: nearly always the token is there already.
 * What does suspend is resumed on this thread too, never on one of the core's, which must not be held up.
 */
internal class OnThisThread<T>(
    /** Once true, the code is cancelled. Asked every [POLL_NANOS] where nobody calls [cancel], else not at all. */
    private val isCanceled: (() -> Boolean)?,
) : Continuation<T> {
    private val queue = lazy { LinkedBlockingQueue<Runnable>() }
    private val job = Job()

    @Volatile
    private var result: Result<T>? = null

    override val context: CoroutineContext = job + Loop()

    /** Cancels the code; from any thread. */
    fun cancel() = job.cancel()

    /**
     * The result of [block]. Code that goes on for longer than [nanos] is cancelled; if it does not even heed that, it
     * is left behind.
     *
     * @return null if the time was not enough.
     * @throws InterruptedException if this thread was interrupted; the code is cancelled then.
     */
    fun run(
        nanos: Long,
        block: suspend () -> T,
    ): Result<T>? {
        val first = block.startCoroutineUninterceptedOrReturn(this)
        @Suppress("UNCHECKED_CAST")
        if (first !== COROUTINE_SUSPENDED) return Result.success(first as T)
        try {
            return pump(nanos) ?: null.also { abandon() }
        } catch (e: InterruptedException) {
            abandon()
            throw e
        }
    }

    private fun abandon() {
        cancel()
        // Lets it free what it holds.
        pump(GRACE_NANOS)
    }

    private fun pump(nanos: Long): Result<T>? {
        val end = System.nanoTime() + nanos
        while (result == null) {
            val left = end - System.nanoTime()
            if (left <= 0) return whatIsThere()
            if (isCanceled?.invoke() == true) cancel()
            queue.value.poll(if (isCanceled == null) left else minOf(left, POLL_NANOS), NANOSECONDS)?.run()
        }
        return result
    }

    /** A thread that was held up finds its time over, and may find the answer in time beside it. Waits for nothing. */
    private fun whatIsThere(): Result<T>? {
        repeat(LAST_STEPS) {
            if (result == null) (queue.value.poll() ?: return null).run()
        }
        return result
    }

    override fun resumeWith(result: Result<T>) {
        this.result = result
        queue.value.add(Runnable {})
    }

    private inner class Loop : CoroutineDispatcher() {
        override fun dispatch(
            context: CoroutineContext,
            block: Runnable,
        ) {
            queue.value.add(block)
        }
    }
}

private const val GRACE_NANOS = 100_000_000L
private const val POLL_NANOS = 50_000_000L

/** Enough for an answer to get through what is wrapped around it; code that never ends must not keep the thread. */
private const val LAST_STEPS = 16
