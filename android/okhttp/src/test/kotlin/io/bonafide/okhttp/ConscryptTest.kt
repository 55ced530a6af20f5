package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import okhttp3.ConnectionSpec
import okhttp3.OkHttpClient
import okhttp3.TlsVersion
import org.conscrypt.Conscrypt
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.net.Socket
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLSocket

/** Over the TLS that Android has. */
class ConscryptTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")
    private val sockets = mutableListOf<Socket>()

    /** TLS 1.2 names a session the same when it is resumed. */
    private fun onAndroid() =
        client {
            val context = SSLContext.getInstance("TLS", Conscrypt.newProvider())
            context.init(null, arrayOf(authority.trust), null)
            sslSocketFactory(context.socketFactory, authority.trust)
            connectionSpecs(listOf(ConnectionSpec.Builder(ConnectionSpec.MODERN_TLS).tlsVersions(TlsVersion.TLS_1_2).build()))
            addNetworkInterceptor { chain -> chain.proceed(chain.request()).also { sockets += chain.connection()!!.socket() } }
        }

    private fun OkHttpClient.sessionOfANewConnection(url: String): ByteArray {
        connectionPool.evictAll()
        get(url)
        return (sockets.last() as SSLSocket).session.id
    }

    @Test
    fun `a mismatch is a mismatch, and not an error of the TLS library`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { onAndroid().get("https://api.acme.test:${server.port}/") }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `after sessions were forgotten the next handshake is a full one`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val (client, url) = onAndroid() to "https://api.acme.test:${server.port}/"
        val first = client.sessionOfANewConnection(url)
        assertArrayEquals(first, client.sessionOfANewConnection(url), "the control: sessions are resumed")
        forgetTlsSessions(sockets.last())
        assertFalse(first.contentEquals(client.sessionOfANewConnection(url)))
    }
}
