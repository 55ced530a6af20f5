package io.bonafide

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import kotlin.math.abs

/**
 * What the last unbound request to a host left with, so that the next one makes no native call.
 *
 * It is reused while the core said that it is fresh, under the same config and for the same user, and only if the machine did not sleep
 * in between: [System.nanoTime] stands still meanwhile, and then disagrees with the wall clock.
 */
internal class LeaseMemo(
    private val clock: Clock = Clock.System,
) {
    interface Clock {
        fun nanoTime(): Long

        fun wallMillis(): Long

        object System : Clock {
            override fun nanoTime(): Long = java.lang.System.nanoTime()

            override fun wallMillis(): Long = java.lang.System.currentTimeMillis()
        }
    }

    /** What a lease was asked for under: the config's revision, and how often the user property was set. */
    data class Moment(
        val revision: Long,
        val userChanges: Int,
    )

    private class Kept(
        val lease: Lease,
        val moment: Moment,
        val freshNanos: Long,
        val takenNanos: Long,
        val takenWall: Long,
    )

    private val byHost = ConcurrentHashMap<String, Kept>()

    fun of(
        host: String,
        moment: Moment,
    ): Lease? {
        val kept = byHost[host] ?: return null
        val passed = clock.nanoTime() - kept.takenNanos
        val passedOnWall = clock.wallMillis() - kept.takenWall
        val awake = abs(passedOnWall - TimeUnit.NANOSECONDS.toMillis(passed)) <= CLOCKS_AGREE_MILLIS
        return kept.lease.takeIf { kept.moment == moment && passed < kept.freshNanos && awake }
    }

    /** [moment] is that from before, as the times are: what is kept is older than it says, never younger. */
    suspend fun ask(
        host: String,
        moment: Moment,
        lease: suspend () -> Lease,
    ): Lease {
        val (nanos, wall) = clock.nanoTime() to clock.wallMillis()
        val answer = lease()
        if (answer.status == null && answer.freshForMillis > 0) {
            // An app that calls countless hosts must not fill the memory with them.
            if (byHost.size >= MAX_HOSTS) byHost.clear()
            byHost[host] = Kept(answer, moment, TimeUnit.MILLISECONDS.toNanos(answer.freshForMillis), nanos, wall)
        } else {
            byHost.remove(host)
        }
        return answer
    }
}

private const val CLOCKS_AGREE_MILLIS = 1_000L
private const val MAX_HOSTS = 512
