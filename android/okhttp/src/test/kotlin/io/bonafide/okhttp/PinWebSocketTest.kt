package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import okhttp3.Protocol
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.net.ServerSocket

class PinWebSocketTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")

    @Test
    fun `no byte of an upgrade reaches a server whose pins do not match, in a hundred tries`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        val client = client()
        repeat(100) {
            val failure = assertThrows<Exception> { WebSocketProbe.firstMessage(client, "wss://api.acme.test:${server.port}/") }
            assertTrue(failure is PinMismatchException, failure.toString())
        }
        assertEquals(0, server.plainBytes.get())
        assertEquals(200, server.handshakes.get(), "each call tried a second, full handshake")
        assertEquals(100, fixture.reports.size)
    }

    @Test
    fun `nor with retries switched off`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        val client = client { retryOnConnectionFailure(false) }
        assertThrows<PinMismatchException> { WebSocketProbe.firstMessage(client, "wss://api.acme.test:${server.port}/") }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `a redirect never carries the token of a WebSocket to another host`() {
        val thief = server(authority.leaf("evil.test"))
        val server = server(leaf) { TlsServer.redirect("https://evil.test:${thief.port}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val failure = assertThrows<BonafideException> { WebSocketProbe.firstMessage(client(), "wss://api.acme.test:${server.port}/") }
        assertEquals(StatusCode.UNSUPPORTED_CLIENT, failure.code)
        assertTrue("Bonafide-Token: " in server.requests.single())
        assertEquals(0, thief.plainBytes.get())
    }

    @Test
    fun `nor does an interceptor of the app that changes the host`() {
        val thief = server(authority.leaf("evil.test"))
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client =
            client {
                addInterceptor {
                    val url =
                        it
                            .request()
                            .url
                            .newBuilder()
                            .host("evil.test")
                            .build()
                    it.proceed(
                        it
                            .request()
                            .newBuilder()
                            .url(url)
                            .build(),
                    )
                }
            }
        assertThrows<BonafideException> { WebSocketProbe.firstMessage(client, "wss://api.acme.test:${thief.port}/") }
        assertEquals(0, thief.plainBytes.get())
    }

    @Test
    fun `cleartext WebSockets to a protected host are refused`() {
        val listener = ServerSocket(0).closedAtTheEnd()
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val failure = assertThrows<BonafideException> { WebSocketProbe.firstMessage(client(), "ws://api.acme.test:${listener.localPort}/") }
        assertEquals(StatusCode.CLEARTEXT_REFUSED, failure.code)
    }

    @Test
    fun `a redirect of a WebSocket to cleartext sends nothing`() {
        val listener = ServerSocket(0).closedAtTheEnd()
        val server = server(leaf) { TlsServer.redirect("http://api.acme.test:${listener.localPort}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin), sendToken = false))
        val failure = assertThrows<BonafideException> { WebSocketProbe.firstMessage(client(), "wss://api.acme.test:${server.port}/") }
        assertEquals(StatusCode.CLEARTEXT_REFUSED, failure.code)
        listener.accept().use { assertEquals(-1, it.getInputStream().read()) }
    }

    @Test
    fun `a WebSocket whose pin matches opens and carries its token, also when it has to answer a 401`() {
        val server = mockServer(leaf, Protocol.HTTP_1_1)
        server.enqueue(mockwebserver3.MockResponse(code = 401))
        server.enqueue(WebSocketProbe.hello())
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client =
            client {
                authenticator { _, response ->
                    response.request
                        .newBuilder()
                        .header("Authorization", "again")
                        .build()
                }
            }
        val url = "wss://api.acme.test:${server.port}/"
        assertEquals("hello", WebSocketProbe.firstMessage(client, url) { bonafideBinding(byteArrayOf(7)) })
        repeat(2) {
            assertTrue(fixture.isTokenFor("api.acme.test", server.takeRequest().headers["Bonafide-Token"], byteArrayOf(7)))
        }
    }

    @Test
    fun `an unpinned WebSocket opens without a token`() {
        val server = mockServer(authority.leaf("other.test"), Protocol.HTTP_1_1)
        server.enqueue(WebSocketProbe.hello())
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val message = WebSocketProbe.firstMessage(client(), "wss://other.test:${server.port}/") { header("Bonafide-Token", "stolen") }
        assertEquals("hello", message)
        assertFalse("Bonafide-Token" in server.takeRequest().headers.names())
    }

    @Test
    fun `a rotation that is announced while a WebSocket opens heals it`() {
        val server = mockServer(leaf, Protocol.HTTP_1_1)
        server.enqueue(WebSocketProbe.hello())
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        fixture.publish(HostEntry("api.acme.test", listOf(leaf.pin)))
        assertEquals("hello", WebSocketProbe.firstMessage(client(), "wss://api.acme.test:${server.port}/"))
    }
}
