package io.bonafide

import java.util.concurrent.TimeUnit

/** One limit for several waits, running from now on. */
internal class Budget(
    millis: Long,
) {
    private val nanos = TimeUnit.MILLISECONDS.toNanos(millis)
    private val begun = System.nanoTime()

    /** What is left, in milliseconds; never negative. */
    fun leftMillis(): Long = TimeUnit.NANOSECONDS.toMillis(maxOf(0L, nanos - (System.nanoTime() - begun)))
}
