package io.bonafide

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import kotlin.math.abs

/**
 * The headers that the last unbound request to a host left with, so that the next one makes no native call.
 *
 * They are reused while the core said that they are fresh, under the same config, and only if the machine did not sleep
 * in between: [System.nanoTime] stands still meanwhile, and then disagrees with the wall clock.
 */
internal class HeaderMemo(
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

    private class Kept(
        val headers: Map<String, String>,
        val revision: Long,
        val freshNanos: Long,
        val takenNanos: Long,
        val takenWall: Long,
    )

    private val byHost = ConcurrentHashMap<String, Kept>()

    fun of(
        host: String,
        revision: Long,
    ): Map<String, String>? {
        val kept = byHost[host] ?: return null
        val passed = clock.nanoTime() - kept.takenNanos
        val passedOnWall = clock.wallMillis() - kept.takenWall
        val awake = abs(passedOnWall - TimeUnit.NANOSECONDS.toMillis(passed)) <= CLOCKS_AGREE_MILLIS
        return kept.headers.takeIf { kept.revision == revision && passed < kept.freshNanos && awake }
    }

    /** [revision] is that from before, as the times are: what is kept is older than it says, never younger. */
    suspend fun ask(
        host: String,
        revision: Long,
        lease: suspend () -> Lease,
    ): Map<String, String> {
        val (nanos, wall) = clock.nanoTime() to clock.wallMillis()
        val answer = lease()
        val headers = answer.headers()
        if (answer.status == null && answer.freshForMillis > 0) {
            val freshNanos = TimeUnit.MILLISECONDS.toNanos(answer.freshForMillis)
            byHost[host] = Kept(headers, revision, freshNanos, nanos, wall)
        } else {
            byHost.remove(host)
        }
        return headers
    }
}

/** The headers of a request that leaves with this. */
internal fun Lease.headers(): Map<String, String> {
    val headers = LinkedHashMap<String, String>(4)
    token?.let { headers[header] = it }
    status?.let { headers[STATUS_HEADER] = it.wireName }
    return headers.toMap()
}

private const val CLOCKS_AGREE_MILLIS = 1_000L
private const val STATUS_HEADER = "Bonafide-Status"
