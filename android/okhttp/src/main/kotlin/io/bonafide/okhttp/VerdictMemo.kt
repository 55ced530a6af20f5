package io.bonafide.okhttp

import okhttp3.Connection
import java.util.WeakHashMap

/** Remembers for which hosts a connection has been cleared, and under which revision of the config. */
internal class VerdictMemo {
    /** Weak, so that the memo ends with the connection. Guarded by `this`. */
    private val cleared = WeakHashMap<Connection, MutableMap<String, Long>>()

    fun isCleared(
        connection: Connection,
        host: String,
        revision: Long,
    ): Boolean = synchronized(this) { cleared[connection]?.get(host) == revision }

    fun clear(
        connection: Connection,
        host: String,
        revision: Long,
    ) {
        // Nearly every connection serves one host; a coalesced one serves a few.
        synchronized(this) { cleared.getOrPut(connection) { HashMap(2) }[host] = revision }
    }
}
