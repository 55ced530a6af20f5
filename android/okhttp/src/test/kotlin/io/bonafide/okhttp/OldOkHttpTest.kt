package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.Awaited
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import okhttp3.OkHttp
import okhttp3.Request
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.IOException
import kotlin.system.measureTimeMillis

/** What holds on an OkHttp from before 5.4; the build runs this beside OkHttp 4.12, in an execution of its own. */
@Tag("old-okhttp")
class OldOkHttpTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")
    private val server = server(leaf)
    private val url = "https://api.acme.test:${server.port}/"

    @Test
    fun `this is the old OkHttp`() {
        assertEquals("4.12.0", OkHttp.VERSION)
        assertFalse(OkHttpAbilities.perCall)
    }

    @Test
    fun `no byte of a request reaches a server whose pins do not match`() {
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { client().get(url) }
        assertEquals(0, server.plainBytes.get())
        assertEquals(2, server.handshakes.get())
    }

    @Test
    fun `WebSockets are refused with the reason, even where the pin would match`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val failure = assertThrows<BonafideException> { WebSocketProbe.firstMessage(client(), "wss://api.acme.test:${server.port}/") }
        assertEquals(StatusCode.UNSUPPORTED_CLIENT, failure.code)
        assertEquals("4.12.0", failure.facts["okhttp"])
        assertTrue("OkHttp 5.4" in failure.message!!)
        assertEquals(0, server.handshakes.get())
    }

    @Test
    fun `pins that are withdrawn stop a pooled connection, and a redirect keeps its token back`() {
        val other = server(authority.leaf("other.test"))
        val redirecting = server(leaf) { TlsServer.redirect("https://other.test:${other.port}/") }
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client = client()
        assertEquals("ok", client.get("https://api.acme.test:${redirecting.port}/") { bonafideBinding(byteArrayOf(1)) })
        assertTrue("Bonafide-Token: " in redirecting.requests.single())
        assertFalse("bonafide" in other.requests.single().lowercase())
        client.get(url)
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { client.get(url) }
        assertEquals(1, server.requests.size)
    }

    @Test
    fun `a request taken from a response is another call's, with its own binding and waits`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val client = client()
        val first = client.newCall(Request.Builder().url(url).bonafideBinding(byteArrayOf(1)).build())
        val used = first.execute().use { it.request }
        first.cancel()
        fixture.serviceAnswers(false)
        // Waits on the canceled call would end at once.
        assertEquals("ok", client.newCall(used).execute().use { it.body.string() })
    }

    @Test
    fun `cancelling a call ends its wait`() {
        val awaited = Awaited(watched)
        val client = appClient().protectedBy(awaited, maxWaitMillis = 60_000).build()
        val call = client.newCall(Request.Builder().url(url).build())
        awaited.meanwhile { call.cancel() }
        val took = measureTimeMillis { assertEquals("Canceled", assertThrows<IOException> { call.execute() }.message) }
        assertTrue(took < 15_000, "$took ms")
    }
}
