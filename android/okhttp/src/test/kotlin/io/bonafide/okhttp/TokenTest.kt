package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PreparedHeaders
import io.bonafide.Protection
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import mockwebserver3.MockResponse
import okhttp3.Cache
import okhttp3.CacheControl
import okhttp3.Headers.Companion.headersOf
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.io.File

class TokenTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test", "two.acme.test", "other.test")

    private fun TlsServer.header(
        name: String,
        request: Int = requests.lastIndex,
    ): String? = Regex("(?im)^$name: (.*)$").find(requests[request])?.groupValues?.get(1)

    @Test
    fun `a redirect to another host carries neither token nor status`() {
        val other = server(leaf)
        val server = server(leaf) { TlsServer.redirect("https://other.test:${other.port}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        fixture.serviceAnswers(false)
        client().get("https://api.acme.test:${server.port}/")
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token")))
        assertEquals("poor_network", server.header("Bonafide-Status"))
        assertFalse("bonafide" in other.requests.single().lowercase(), other.requests.single())
    }

    @Test
    fun `nor does a call that only claims to be a WebSocket, whatever the token's header is called`() {
        val server = mockServer(leaf)
        server.enqueue(MockResponse(code = 302, headers = headersOf("Location", "https://other.test:${server.port}/")))
        server.enqueue(MockResponse(body = "ok"))
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val renamed =
            object : Protection by watched {
                override suspend fun headersFor(
                    url: String,
                    binding: ByteArray?,
                    timeoutMillis: Long,
                ) = mapOf("X-Acme-Token" to "secret")
            }
        client(renamed).get("https://api.acme.test:${server.port}/") { header("Upgrade", "websocket") }
        assertEquals("secret", server.takeRequest().headers["X-Acme-Token"])
        assertNull(server.takeRequest().headers["X-Acme-Token"])
    }

    @Test
    fun `prepared headers go to their own host, and never with a bound request`() {
        val other = server(leaf)
        val away = TlsServer.redirect("https://two.acme.test:${other.port}/")
        val server = server(leaf) { request -> if (request.startsWith("GET /away")) away else TlsServer.ok() }
        start(HostEntry("api.acme.test", listOf(leaf.pin)), HostEntry("two.acme.test", listOf(leaf.pin), sendToken = false))
        val preparing =
            object : Protection by watched, PreparedHeaders {
                override fun preparedHeadersFor(host: String) = mapOf("Bonafide-Token" to "prepared for $host")
            }
        val client = client(preparing)
        client.get("https://api.acme.test:${server.port}/away")
        assertEquals("prepared for api.acme.test", server.header("Bonafide-Token"))
        assertNull(other.header("Bonafide-Token"))
        client.get("https://api.acme.test:${server.port}/") { bonafideBinding(byteArrayOf(1)) }
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token"), byteArrayOf(1)))
    }

    @Test
    fun `a redirect to another protected host carries that host's token`() {
        val other = server(leaf)
        val server = server(leaf) { TlsServer.redirect("https://two.acme.test:${other.port}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin)), HostEntry("two.acme.test", listOf(leaf.pin)))
        client().get("https://api.acme.test:${server.port}/")
        assertTrue(fixture.isTokenFor("two.acme.test", other.header("Bonafide-Token")))
    }

    @Test
    fun `what the app sets under Bonafide's names never leaves`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)), HostEntry("two.acme.test", listOf(leaf.pin), sendToken = false))
        for (host in listOf("api.acme.test", "two.acme.test", "other.test")) {
            client().get("https://$host:${server.port}/") {
                addHeader("bonafide-token", "stolen").addHeader("Bonafide-Token", "stolen twice").addHeader("Bonafide-Status", "made up")
            }
            assertFalse("stolen" in server.requests.last() || "made up" in server.requests.last(), server.requests.last())
        }
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token", request = 0)))
    }

    @Test
    fun `a listed host without send_token and an unlisted one get no token, and the core is not asked for any`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin), sendToken = false))
        client().get("https://api.acme.test:${server.port}/")
        client().get("https://other.test:${server.port}/")
        assertTrue(server.requests.none { "bonafide" in it.lowercase() })
        assertEquals(0, watched.headers.get())
    }

    @Test
    fun `without a token in time the request fails only where the config says so`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)), HostEntry("two.acme.test", listOf(leaf.pin), withoutToken = "fail"))
        fixture.serviceAnswers(false)
        val client = client()
        val failure = assertThrows<BonafideException> { client.get("https://two.acme.test:${server.port}/") }
        assertEquals(StatusCode.POOR_NETWORK, failure.code)
        assertEquals(0, server.plainBytes.get())
        assertEquals("ok", client.get("https://api.acme.test:${server.port}/"))
        assertEquals("poor_network", server.header("Bonafide-Status"))
    }

    @Test
    fun `a binding is the request's own`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client = client()
        val data = "Bearer abc".toByteArray()
        client.get("https://api.acme.test:${server.port}/") { bonafideBinding(data) }
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token"), data))
        client.get("https://api.acme.test:${server.port}/")
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token")))
    }

    @Test
    fun `a binding is copied when it is given`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val data = byteArrayOf(1, 2, 3)
        client().get("https://api.acme.test:${server.port}/") { bonafideBinding(data).also { data.fill(0) } }
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token"), byteArrayOf(1, 2, 3)))
    }

    @Test
    fun `a cached response costs no token and no wait`(
        @TempDir folder: File,
    ) {
        val cacheable = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok"
        val server = server(leaf) { cacheable }
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client = client { cache(Cache(folder, 1_000_000).closedAtTheEnd()) }
        val url = "https://api.acme.test:${server.port}/"
        client.get(url)
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token")))
        val asked = watched.headers.get()
        fixture.serviceAnswers(false)
        assertEquals("ok", client.get(url))
        assertEquals(1, server.requests.size)
        assertEquals(asked, watched.headers.get())
        client.get(url) { cacheControl(CacheControl.FORCE_NETWORK) }
        assertEquals("poor_network", server.header("Bonafide-Status"))
    }

    @Test
    fun `in report mode a mismatch is reported, once a connection, and the request goes on with its token`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin), mode = "report"))
        val client = client()
        repeat(3) { assertEquals("ok", client.get("https://api.acme.test:${server.port}/")) }
        assertTrue(fixture.isTokenFor("api.acme.test", server.header("Bonafide-Token")))
        assertEquals(listOf(foreignPin), fixture.reports.single().expected)
        assertEquals(0, watched.rechecks.get())
    }
}
