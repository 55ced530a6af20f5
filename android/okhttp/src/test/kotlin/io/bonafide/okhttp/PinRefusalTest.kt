package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class PinRefusalTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")

    @Test
    fun `no byte of a request reaches a server whose pins do not match`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        val failure = assertThrows<PinMismatchException> { client().get("https://api.acme.test:${server.port}/secret") }
        assertEquals(0, server.plainBytes.get())
        assertEquals(2, server.handshakes.get(), "a second, full handshake before giving up")
        assertTrue(failure.message!!.endsWith("bonafide api check api.acme.test"), failure.message)
        assertTrue(leaf.pin in failure.message!! && "CN=api.acme.test" in failure.message!!, failure.message)
        assertEquals(listOf(leaf.pin, authority.root.pin), fixture.reports.single().served)
    }

    @Test
    fun `the same server is asked when a pin matches`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(foreignPin, leaf.pin)))
        assertEquals("ok", client().get("https://api.acme.test:${server.port}/secret"))
        assertEquals(emptyList<Any>(), fixture.reports)
    }
}
