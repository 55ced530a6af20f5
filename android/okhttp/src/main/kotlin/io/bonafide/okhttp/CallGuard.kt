package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import okhttp3.Call
import okhttp3.Connection
import okhttp3.EventListener
import okhttp3.HttpUrl
import java.io.IOException

/**
 * Listens to one call: stops its waits when it is canceled, checks a WebSocket's connection, and lets no request be
 * written that nobody cleared.
 *
 * Nothing here may throw: OkHttp does not expect it, and a call would hang until its timeout.
 */
internal class CallGuard(
    private val guarded: GuardedCall,
    private val shield: Shield,
) : EventListener() {
    @Volatile
    private var connection: Connection? = null

    override fun canceled(call: Call) = guarded.cancel()

    override fun connectionAcquired(
        call: Call,
        connection: Connection,
    ) {
        this.connection = connection
        if (guarded.webSocket) clearWebSocket(connection)
    }

    override fun connectionReleased(
        call: Call,
        connection: Connection,
    ) {
        if (this.connection === connection) this.connection = null
    }

    override fun requestHeadersStart(call: Call) {
        val connection = connection
        if (guarded.takeClearance(connection)) return
        // A second request of a WebSocket call, such as the answer to a 401, takes the connection without an event.
        if (guarded.webSocket && guarded.refusal == null && connection != null) {
            clearWebSocket(connection)
            if (guarded.takeClearance(connection)) return
        }
        // A refused connection that is closed takes no byte; the call itself may be tried once more.
        if (guarded.mayBeRetried && connection?.socket()?.isClosed == true) return
        if (guarded.refusal == null) refuse(OkHttpAbilities.unsupported(NOT_CLEARED))
        // HTTP/2 may write the headers before it looks whether the call was canceled: a closed socket takes none.
        connection?.socket()?.close()
        call.cancel()
    }

    private fun clearWebSocket(connection: Connection) {
        try {
            val address = connection.route().address.url
            refuseTokenElsewhere(address)
            if (connection.handshake() == null) shield.refuseCleartext(address) else shield.pins.admit(connection, address.host, guarded)
            guarded.giveClearance(connection)
            return
        } catch (e: IOException) {
            // Pin mismatches are remembered where they are found, with whether another connection may cure them.
            if (guarded.refusal !== e) refuse(e)
        } catch (e: RuntimeException) {
            refuse(BonafideException(StatusCode.INTERNAL_ERROR, detail = e.javaClass.name, cause = e))
        }
        if (!(guarded.mayBeRetried && connection.socket().isClosed)) guarded.call.cancel()
    }

    /** OkHttp follows the redirect of a WebSocket with all the headers of the first request. */
    private fun refuseTokenElsewhere(address: HttpUrl) {
        val tokenHost = guarded.tokenHost ?: return
        if (address.host == tokenHost.host && address.port == tokenHost.port) return
        throw BonafideException(StatusCode.UNSUPPORTED_CLIENT, mapOf("host" to address.host), TOKEN_ELSEWHERE)
    }

    private fun refuse(e: IOException) {
        guarded.refuse(e, host = "", curable = false)
    }
}

private const val NOT_CLEARED = "The interceptor that protectedBy added to the network interceptors was removed or did not run."
private const val TOKEN_ELSEWHERE = "A WebSocket that carries a token was redirected to another host, by the server or by an interceptor."
