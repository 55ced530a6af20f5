package io.bonafide.okhttp

import java.net.Socket
import javax.net.ssl.SSLSession
import javax.net.ssl.SSLSessionContext
import javax.net.ssl.SSLSocket

/**
 * Forgets the TLS sessions with the peer of [socket], so that the next handshake is a full one.
 *
 * A resumed session shows the certificate of the handshake that it came from; after a server has changed its
 * certificate that is the old one, however fresh the connection.
 */
internal fun forgetTlsSessions(socket: Socket) {
    val session = (socket as? SSLSocket)?.session ?: return
    // Once invalid, a session no longer names its context.
    val context = session.sessionContext
    session.invalidate()
    try {
        for (id in context?.ids ?: return) {
            context.getSession(id)?.takeIf { it.isWithPeerOf(session) }?.invalidate()
        }
    } catch (_: UnsupportedOperationException) {
        context.forgetAll()
    }
}

/**
 * Conscrypt, which Android's TLS is, invalidates no session that its cache holds. A smaller cache forgets what it has too
 * much of: here all, other peers' too, whose next handshake is a full one as well.
 *
 * One call at a time: a second would take the 0 for the size, and a cache of size 0 that stays is one without limit.
 */
internal fun SSLSessionContext.forgetAll() {
    synchronized(resizing) {
        val size = sessionCacheSize
        sessionCacheSize = 0
        sessionCacheSize = size
    }
}

/** For all contexts: it is held for a moment, and seldom. */
private val resizing = Any()

private fun SSLSession.isWithPeerOf(other: SSLSession): Boolean = peerPort == other.peerPort && peerHost.equals(other.peerHost, true)
