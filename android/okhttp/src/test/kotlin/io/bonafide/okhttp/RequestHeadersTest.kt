package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.FakeFixture
import io.bonafide.okhttp.support.HostEntry
import okhttp3.Headers.Companion.headersOf
import okhttp3.Request
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class RequestHeadersTest {
    private val fixture =
        FakeFixture().apply {
            install(HostEntry("api.acme.test", listOf("sha256/x")))
            start()
        }
    private val shield = Shield(fixture.protection, maxWaitMillis = 0)
    private val request = Request.Builder().url("https://api.acme.test/").build()

    @Test
    fun `what HTTP knows no header for is an error of the call, each time`() {
        for (value in listOf("a\r\nHost: b", "a\u0000", "\u00e9")) {
            val mapped = mapOf("Bonafide-Token" to value)
            repeat(2) {
                val error = assertThrows<BonafideException>(value) { shield.withHeaders(request, mapped) }
                assertEquals(StatusCode.INTERNAL_ERROR, error.code)
            }
        }
    }

    @Test
    fun `what was put there before is replaced, and the rest is as it was`() {
        val headers = headersOf("bonafide-token", "a", "Accept", "b", "BONAFIDE-STATUS", "c", "x-own", "d")
        val had = request.newBuilder().headers(headers).build()
        val sent = shield.withHeaders(had, mapOf("Bonafide-Token" to "new"), attached = setOf("X-Own"))
        assertEquals(headersOf("Accept", "b", "Bonafide-Token", "new"), sent.headers)
        assertEquals(headersOf("Accept", "b"), shield.withHeaders(had, emptyMap(), attached = setOf("X-Own")).headers)
    }

    @Test
    fun `a map that its maker changes is looked at again`() {
        val mapped = mutableMapOf("Bonafide-Token" to "first")
        assertEquals("first", shield.withHeaders(request, mapped).header("Bonafide-Token"))
        mapped["Bonafide-Token"] = "second"
        assertEquals("second", shield.withHeaders(request, mapped).header("Bonafide-Token"))
    }

    @Test
    fun `a request that neither needs nor has any is left alone`() {
        assertSame(request, shield.withHeaders(request, emptyMap()))
    }
}
