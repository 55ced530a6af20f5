package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.PinVerdict
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import mockwebserver3.MockResponse
import okhttp3.Headers.Companion.headersOf
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.net.Socket
import java.security.cert.X509Certificate

class PoolTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test", "two.acme.test")
    private val good = listOf(leaf.pin)
    private val bad = listOf(foreignPin)

    @Test
    fun `a pooled connection is not used for a request once its pins are withdrawn`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val client = client()
        client.get("https://api.acme.test:${server.port}/")
        val bytes = server.plainBytes.get()
        fixture.install(HostEntry("api.acme.test", bad))
        assertThrows<PinMismatchException> { client.get("https://api.acme.test:${server.port}/") }
        assertEquals(bytes, server.plainBytes.get())
    }

    @Test
    fun `pins withdrawn while a token is waited for stop the request`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val late =
            object : io.bonafide.Protection by watched {
                override suspend fun headersFor(
                    url: String,
                    binding: ByteArray?,
                    timeoutMillis: Long,
                ): Map<String, String> =
                    fixture.protection.headersFor(url, binding, timeoutMillis).also {
                        fixture.install(HostEntry("two.acme.test", bad))
                    }
            }
        val other = server(leaf) { TlsServer.redirect("https://two.acme.test:${server.port}/") }
        fixture.install(HostEntry("two.acme.test", good), HostEntry("api.acme.test", good, sendToken = false))
        assertThrows<PinMismatchException> { client(late).get("https://api.acme.test:${other.port}/") }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `pins withdrawn while the check runs stop the request`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val late =
            object : io.bonafide.Protection by watched {
                override fun checkPins(
                    host: String,
                    chain: List<X509Certificate>,
                ): PinVerdict = fixture.protection.checkPins(host, chain).also { fixture.install(HostEntry("api.acme.test", bad)) }
            }
        assertThrows<PinMismatchException> { client(late).get("https://api.acme.test:${server.port}/") }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `a redirect within the call on the same connection is checked for its own host`() {
        // Same port, same certificate: HTTP/2 shares the connection between the two hosts.
        val server = mockServer(leaf)
        server.enqueue(MockResponse(code = 302, headers = headersOf("Location", "https://two.acme.test:${server.port}/")))
        server.enqueue(MockResponse(body = "ok"))
        start(HostEntry("api.acme.test", good), HostEntry("two.acme.test", bad))
        val client = client()
        assertThrows<PinMismatchException> { client.get("https://api.acme.test:${server.port}/") }
        assertEquals(1, server.requestCount)
        assertEquals("ok", client.get("https://api.acme.test:${server.port}/"))
        server.takeRequest()
        assertEquals(1, server.takeRequest().exchangeIndex, "the first host goes on with its connection")
    }

    @Test
    fun `a redirect is checked again even to the same host, when the pins have changed meanwhile`() {
        lateinit var server: TlsServer
        server =
            server(leaf) {
                fixture.install(HostEntry("api.acme.test", bad))
                TlsServer.redirect("https://api.acme.test:${server.port}/next")
            }
        start(HostEntry("api.acme.test", good))
        assertThrows<PinMismatchException> { client().get("https://api.acme.test:${server.port}/") }
        assertEquals(1, server.requests.size)
    }

    @Test
    fun `a coalesced connection is checked for the request's own host, and goes on serving the other`() {
        val server = mockServer(leaf)
        repeat(2) { server.enqueue(MockResponse(body = "ok")) }
        start(HostEntry("api.acme.test", good), HostEntry("two.acme.test", bad))
        val client = client()
        client.get("https://api.acme.test:${server.port}/")
        assertThrows<PinMismatchException> { client.get("https://two.acme.test:${server.port}/") }
        assertEquals("ok", client.get("https://api.acme.test:${server.port}/"))
        assertEquals(2, server.requestCount)
        server.takeRequest()
        assertEquals(1, server.takeRequest().exchangeIndex, "still the first connection")
    }

    @Test
    fun `a connection of older pins is not even tried`() {
        val rotated = authority.leaf("api.acme.test")
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val sockets = mutableListOf<Socket>()
        val client =
            client {
                addNetworkInterceptor { chain -> chain.proceed(chain.request()).also { sockets += chain.connection()!!.socket() } }
            }
        client.get("https://api.acme.test:${server.port}/")
        server.change(rotated)
        forgetTlsSessions(sockets.single())
        fixture.install(HostEntry("api.acme.test", listOf(rotated.pin, foreignPin)))
        client.get("https://api.acme.test:${server.port}/")
        assertEquals(0, watched.rechecks.get(), "nothing had to be healed")
        assertFalse(sockets[0].isClosed, "the old one idles until the pool lets it go")
    }

    @Test
    fun `hosts with equal pins go on sharing an HTTP2 connection, and so do unpinned ones`() {
        val server = mockServer(leaf)
        repeat(4) { server.enqueue(MockResponse(body = "ok")) }
        start(HostEntry("api.acme.test", good), HostEntry("two.acme.test", good))
        client().let { client -> for (host in listOf("api", "two")) client.get("https://$host.acme.test:${server.port}/") }
        fixture.install()
        client().let { client -> for (host in listOf("api", "two")) client.get("https://$host.acme.test:${server.port}/") }
        val places = List(4) { server.takeRequest().let { it.connectionIndex to it.exchangeIndex } }
        assertEquals(listOf(0 to 0, 0 to 1, 1 to 0, 1 to 1), places)
    }

    @Test
    fun `an unchanged pooled connection costs no call into the core but the token's`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val client = client()
        client.get("https://api.acme.test:${server.port}/")
        val before = listOf(watched.rules, watched.checks, watched.rechecks).map { it.get() }
        val tokens = watched.headers.get()
        repeat(10) { client.get("https://api.acme.test:${server.port}/") }
        assertEquals(before, listOf(watched.rules, watched.checks, watched.rechecks).map { it.get() })
        assertEquals(tokens + 10, watched.headers.get(), "one a request")
        assertEquals(1, server.handshakes.get())
    }

    @Test
    fun `a config that leaves a host's pins alone rechecks its connection once and keeps it`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", good))
        val client = client()
        client.get("https://api.acme.test:${server.port}/")
        fixture.install(HostEntry("api.acme.test", good), HostEntry("new.acme.test", bad))
        val checks = watched.checks.get()
        repeat(3) { client.get("https://api.acme.test:${server.port}/") }
        assertEquals(checks + 1, watched.checks.get())
        assertEquals(1, server.handshakes.get())
    }
}
