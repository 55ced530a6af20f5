package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import okhttp3.ConnectionSpec
import okhttp3.OkHttpClient
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.TlsVersion
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

class HealingTest : OkHttpSuite() {
    private val old = authority.leaf("api.acme.test")
    private val new = authority.leaf("api.acme.test")

    @Test
    fun `a mismatch that stands is rechecked once, tried once more, and reported once`() {
        val server = server(old)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { client().get("https://api.acme.test:${server.port}/") }
        assertEquals(1, watched.rechecks.get())
        assertEquals(2, server.handshakes.get())
        assertEquals(1, fixture.reports.size)
    }

    @Test
    fun `a request that a server has seen is not repeated because a redirect's pins do not match`() {
        val second = server(authority.leaf("two.acme.test"))
        val first = server(old) { TlsServer.redirect("https://two.acme.test:${second.port}/") }
        start(HostEntry("api.acme.test", listOf(old.pin)), HostEntry("two.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> {
            client().get("https://api.acme.test:${first.port}/pay") { post("money".toRequestBody()) }
        }
        assertEquals(1, first.requests.size)
        assertEquals(0, second.plainBytes.get())
        assertEquals(1, fixture.reports.size)
    }

    @Test
    fun `a rotation announced a second ago costs one retry and no failure`() {
        val server = server(new)
        start(HostEntry("api.acme.test", listOf(old.pin, foreignPin)))
        fixture.publish(HostEntry("api.acme.test", listOf(old.pin, new.pin)))
        assertEquals("ok", client().get("https://api.acme.test:${server.port}/"))
        assertEquals(1, server.handshakes.get(), "the newer pins fit the connection that is there")
        assertEquals(emptyList<Any>(), fixture.reports)
    }

    @ParameterizedTest
    @EnumSource(TlsVersion::class, names = ["TLS_1_2", "TLS_1_3"])
    fun `a resumed TLS session that shows the old leaf is given up for a full handshake`(tls: TlsVersion) {
        val server = server(old)
        start(HostEntry("api.acme.test", listOf(old.pin)))
        val client = client { speaking(tls) }
        val url = "https://api.acme.test:${server.port}/"
        client.get(url)
        server.change(new)
        client.connectionPool.evictAll()
        fixture.install(HostEntry("api.acme.test", listOf(new.pin, foreignPin)))
        assertEquals("ok", client.get(url))
        assertEquals(3, server.handshakes.get(), "the first, the resumed one, the full one")
        assertEquals(emptyList<Any>(), fixture.reports)
        client.get(url)
        assertEquals(3, server.handshakes.get(), "and the healed connection is used again")
    }

    private fun OkHttpClient.Builder.speaking(tls: TlsVersion) =
        connectionSpecs(listOf(ConnectionSpec.Builder(ConnectionSpec.MODERN_TLS).tlsVersions(tls).build()))

    @ParameterizedTest
    @EnumSource(TlsVersion::class, names = ["TLS_1_2", "TLS_1_3"])
    fun `so is a WebSocket's`(tls: TlsVersion) {
        val server = server(old)
        start(HostEntry("api.acme.test", listOf(old.pin)))
        val client = client { speaking(tls) }
        client.get("https://api.acme.test:${server.port}/")
        server.change(new)
        client.connectionPool.evictAll()
        fixture.install(HostEntry("api.acme.test", listOf(new.pin, foreignPin)))
        // This server does not speak WebSocket; that it was asked is what counts.
        val failure = assertThrows<Exception> { WebSocketProbe.firstMessage(client, "wss://api.acme.test:${server.port}/") }
        assertTrue(failure is java.net.ProtocolException, failure.toString())
        assertTrue("Upgrade: websocket" in server.requests.last())
        assertEquals(3, server.handshakes.get())
        assertEquals(emptyList<Any>(), fixture.reports)
    }

    @Test
    fun `calls after an interception succeed without a restart`() {
        val interceptor = server(authority.leaf("api.acme.test"))
        val server = server(old)
        start(HostEntry("api.acme.test", listOf(old.pin)))
        val client = client()
        repeat(2) { assertThrows<PinMismatchException> { client.get("https://api.acme.test:${interceptor.port}/") } }
        assertEquals("ok", client.get("https://api.acme.test:${server.port}/"))
        interceptor.change(old)
        assertEquals("ok", client.get("https://api.acme.test:${interceptor.port}/"))
    }
}
