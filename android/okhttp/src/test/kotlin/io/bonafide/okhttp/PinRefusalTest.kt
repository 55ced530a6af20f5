package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.StatusClass
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.Authority
import io.bonafide.okhttp.support.ConnectProxy
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import mockwebserver3.MockResponse
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.net.ServerSocket

class PinRefusalTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")

    @Test
    fun `no byte of a request reaches a server whose pins do not match`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        val failure =
            assertThrows<PinMismatchException> {
                client().get("https://api.acme.test:${server.port}/secret") { post("secret".toRequestBody()) }
            }
        assertEquals(0, server.plainBytes.get())
        assertEquals(2, server.handshakes.get(), "a second, full handshake before giving up")
        assertTrue(failure.message!!.endsWith("bonafide api check api.acme.test"), failure.message)
        assertTrue(leaf.pin in failure.message!! && "CN=api.acme.test" in failure.message!!, failure.message)
        assertEquals(StatusClass.UNTRUSTED_CHANNEL, failure.statusClass)
        assertEquals(listOf(leaf.pin, authority.root.pin), fixture.reports.single().served)
    }

    @Test
    fun `an HTTP2 server sees no request, and the bad connection does not stay pooled`() {
        val server = mockServer(leaf, Protocol.HTTP_2, Protocol.HTTP_1_1)
        server.enqueue(MockResponse(body = "ok"))
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        val client = client()
        repeat(3) { assertThrows<PinMismatchException> { client.get("https://api.acme.test:${server.port}/") } }
        assertEquals(0, server.requestCount)
        fixture.install(HostEntry("api.acme.test", listOf(leaf.pin)))
        assertEquals("ok", client.get("https://api.acme.test:${server.port}/"))
        assertEquals("HTTP/2", server.takeRequest().version)
    }

    @Test
    fun `a copy of the client without the network interceptor sends nothing, on new and on pooled connections`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        for (protocols in listOf(listOf(Protocol.HTTP_1_1), listOf(Protocol.HTTP_2, Protocol.HTTP_1_1))) {
            val server = mockServer(leaf, *protocols.toTypedArray())
            repeat(2) { server.enqueue(MockResponse(body = "ok")) }
            val url = "https://api.acme.test:${server.port}/"
            val whole = client()
            val stripped = whole.newBuilder().apply { networkInterceptors().clear() }.build()
            for (sent in 0..1) {
                val failure = assertThrows<BonafideException>("$protocols") { stripped.get(url) }
                assertEquals(StatusCode.UNSUPPORTED_CLIENT, failure.code)
                assertEquals(sent, server.requestCount, "$protocols")
                // Pooled from here on, and as good as new for a client that is whole.
                assertEquals("ok", whole.get(url))
            }
            assertEquals(2, server.requestCount, "$protocols")
        }
    }

    @Test
    fun `a stray certificate that carries the pin is no match`() {
        val owner = Authority("The Real Root")
        val stray = owner.leaf("api.acme.test")
        val server = server(leaf, stray, owner.root)
        start(HostEntry("api.acme.test", listOf(stray.pin, owner.root.pin)))
        assertThrows<PinMismatchException> { client().get("https://api.acme.test:${server.port}/") }
        assertEquals(0, server.plainBytes.get())
        assertTrue(fixture.reports.single().served.none { it == stray.pin })
    }

    @Test
    fun `an interceptor behind a CONNECT proxy gets nothing`() {
        val interceptor = server(leaf)
        val proxy = ConnectProxy(interceptor.port).closedAtTheEnd()
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { client { proxy(proxy.proxy) }.get("https://api.acme.test/") }
        assertTrue(proxy.asked.first().startsWith("CONNECT api.acme.test:443"))
        assertEquals(0, interceptor.plainBytes.get())
    }

    @Test
    fun `a client that trusts everything is refused and told why`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client = trustAllClient().protectedBy(watched).build()
        val failure = assertThrows<PinMismatchException> { client.get("https://api.acme.test:${server.port}/") }
        assertTrue("trust manager accepts every certificate" in failure.message!!, failure.message)
        assertEquals(0, server.plainBytes.get())
        assertEquals(1, server.handshakes.get(), "neither newer pins nor another handshake would help")
        assertEquals(0, watched.rechecks.get())
    }

    @Test
    fun `cleartext to a pinned or protected host is refused before a connection is made`() {
        val listener = ServerSocket(0).closedAtTheEnd().apply { soTimeout = 300 }
        start(
            HostEntry("pinned.acme.test", listOf(leaf.pin), sendToken = false),
            HostEntry("protected.acme.test", mode = "off", sendToken = true),
        )
        for (host in listOf("pinned.acme.test", "protected.acme.test")) {
            val failure = assertThrows<BonafideException> { client().get("http://$host:${listener.localPort}/") }
            assertEquals(StatusCode.CLEARTEXT_REFUSED, failure.code)
            assertEquals(host, failure.facts["host"])
        }
        assertThrows<java.net.SocketTimeoutException> { listener.accept() }
    }

    @Test
    fun `a redirect to cleartext is refused`() {
        val listener = ServerSocket(0).closedAtTheEnd()
        val server = server(leaf) { TlsServer.redirect("http://api.acme.test:${listener.localPort}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val failure = assertThrows<BonafideException> { client().get("https://api.acme.test:${server.port}/") }
        assertEquals(StatusCode.CLEARTEXT_REFUSED, failure.code)
        listener.accept().use { assertEquals(-1, it.getInputStream().read(), "connected, and not a byte sent") }
    }

    @Test
    fun `a broken protection refuses and does not crash the app`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val broken =
            object : io.bonafide.Protection by fixture.protection {
                override fun checkPins(
                    host: String,
                    chain: List<java.security.cert.X509Certificate>,
                ): Nothing = throw UnsatisfiedLinkError("no libbonafide")
            }
        val failure = assertThrows<BonafideException> { client(broken).get("https://api.acme.test:${server.port}/") }
        assertEquals(StatusCode.INTERNAL_ERROR, failure.code)
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `control - the same servers are asked when a pin matches`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin, leaf.pin)))
        assertEquals("ok", client().get("https://api.acme.test:${server.port}/secret"))
        val proxy = ConnectProxy(server.port).closedAtTheEnd()
        assertEquals("ok", client { proxy(proxy.proxy) }.get("https://api.acme.test/"))
        assertEquals(emptyList<Any>(), fixture.reports)
    }

    @Test
    fun `control - without Bonafide the proxy reads the request`() {
        val server = server(leaf)
        val request = Request.Builder().url("https://api.acme.test:${server.port}/secret").build()
        appClient().build().newCall(request).execute().close()
        assertTrue(server.requests.single().startsWith("GET /secret"))
    }
}
