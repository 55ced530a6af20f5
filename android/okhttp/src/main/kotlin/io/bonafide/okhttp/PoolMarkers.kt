package io.bonafide.okhttp

import okhttp3.CertificatePinner
import okio.ByteString.Companion.encodeUtf8
import java.util.concurrent.ConcurrentHashMap

/**
 * Keeps connections of other pins out of a call's reach.
 *
 * OkHttp takes a pooled connection only for an equal `CertificatePinner`. So each call gets the app's own pinner plus a
 * pin of a host that cannot exist, which names the set of pins in force: a connection of an older set is never taken
 * again, while hosts with equal pins go on sharing HTTP/2 connections.
 */
internal class PoolMarkers {
    private class Marked(
        val appPinner: CertificatePinner,
        val generation: Int,
        val pinner: CertificatePinner,
    )

    /** How often connections of a set of pins have been given up. */
    private val generations = ConcurrentHashMap<String, Int>()
    private val marked = ConcurrentHashMap<String, Marked>()

    fun mark(
        appPinner: CertificatePinner,
        pinSet: String,
    ): CertificatePinner {
        val generation = generations[pinSet] ?: 0
        marked[pinSet]?.let { if (it.generation == generation && it.appPinner == appPinner) return it.pinner }
        val fresh = Marked(appPinner, generation, pinnerOf(appPinner, "$pinSet#$generation"))
        if (marked.size >= MAX_SETS) marked.clear()
        marked[pinSet] = fresh
        return fresh.pinner
    }

    /** From now on no call takes a connection that was made for [pinSet] before. */
    fun renew(pinSet: String) {
        synchronized(generations) { generations[pinSet] = (generations[pinSet] ?: 0) + 1 }
    }

    private fun pinnerOf(
        appPinner: CertificatePinner,
        marker: String,
    ): CertificatePinner =
        CertificatePinner
            .Builder()
            .apply { appPinner.pins.forEach { add(it.pattern, "${it.hashAlgorithm}/${it.hash.base64()}") } }
            .add(IMPOSSIBLE_HOST, "sha256/${marker.encodeUtf8().sha256().base64()}")
            .build()
}

/** RFC 6761 keeps `.invalid` free of hosts. */
private const val IMPOSSIBLE_HOST = "pin-set.bonafide.invalid"
private const val MAX_SETS = 512
