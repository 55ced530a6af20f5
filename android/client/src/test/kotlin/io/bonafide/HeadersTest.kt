package io.bonafide

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class HeadersTest {
    @TempDir
    lateinit var folder: File

    private val starter = StarterDouble().open()
    private val clock = ClockDouble()

    private fun started(): NativeProtection =
        NativeProtection(starter, clock).apply {
            start(Settings(InitialConfig.of(ByteArray(0)), folder, "app", "1"))
            runBlocking { awaitStarted(LONG) }
        }

    private fun NativeProtection.headers(
        url: String = URL,
        binding: ByteArray? = null,
    ) = runBlocking { headersFor(url, binding, LONG) }

    private fun tokenCalls() = starter.engine.calls.count { it == "token" }

    @Test
    fun `a fresh token is reused without a native call`() {
        val protection = started()
        protection.headers()
        starter.engine.calls.clear()
        clock.pass(59_999)
        assertEquals(mapOf("Bonafide-Token" to "token-1"), protection.headers())
        assertEquals(emptyList<String>(), starter.engine.calls)
    }

    @Test
    fun `memory is bounded however many hosts are asked`() {
        val protection = started()
        val hosts = (0..512).map { "$it.acme.com" }
        starter.engine.protectedHosts = hosts.toSet()
        hosts.forEach { protection.headers("https://$it/") }
        starter.engine.calls.clear()
        protection.headers("https://${hosts.first()}/")
        assertEquals(1, tokenCalls())
    }

    @Test
    fun `past its half-life the core is asked again`() {
        val protection = started()
        protection.headers()
        clock.pass(60_000)
        protection.headers()
        assertEquals(2, tokenCalls())
    }

    @Test
    fun `after a sleep, which the monotonic clock does not see, the core is asked again`() {
        val protection = started()
        protection.headers()
        clock.wall += 1_001
        protection.headers()
        assertEquals(2, tokenCalls())
    }

    @Test
    fun `a wall clock that was set back is no reason to trust either`() {
        val protection = started()
        protection.headers()
        clock.wall -= 1_001
        protection.headers()
        assertEquals(2, tokenCalls())
    }

    @Test
    fun `under a newer config the core is asked again`() {
        val protection = started()
        protection.headers()
        starter.engine.changeConfig(to = 2)
        protection.headers()
        assertEquals(2, tokenCalls())
    }

    @Test
    fun `a token that is not fresh is asked for each time, and leaves with its status`() {
        val protection = started()
        starter.engine.lease = Lease("Bonafide-Token", "expired", StatusCode.NO_NETWORK, freshForMillis = 0)
        repeat(2) { assertEquals(mapOf("Bonafide-Token" to "expired", "Bonafide-Status" to "no_network"), protection.headers()) }
        assertEquals(2, tokenCalls())
    }

    @Test
    fun `bound tokens are never taken for unbound ones`() {
        val protection = started()
        protection.headers()
        protection.headers(binding = byteArrayOf(1))
        protection.headers(binding = byteArrayOf(2))
        assertEquals(3, tokenCalls())
        protection.headers()
        assertEquals(3, tokenCalls())
    }

    @Test
    fun `an unprotected host gets no header, and a protected one no cleartext`() {
        val protection = started()
        assertEquals(emptyMap<String, String>(), protection.headers("https://other.example/"))
        assertEquals(emptyMap<String, String>(), protection.headers("http://other.example/"))
        val refused = assertThrows(BonafideException::class.java) { protection.headers("http://api.acme.com/") }
        assertEquals(StatusCode.CLEARTEXT_REFUSED, refused.code)
        protection.headers()
        assertThrows(BonafideException::class.java) { protection.headers("http://api.acme.com/") }
        assertEquals(1, tokenCalls())
    }

    @Test
    fun `a token asked for by itself is the same one, and is refused where it is not valid`() {
        val protection = started()
        protection.headers()
        assertEquals("token-1", protection.tokenBlocking(URL))
        assertEquals(1, tokenCalls())
        clock.pass(60_000)
        starter.engine.lease = Lease("Bonafide-Token", "expired", StatusCode.NO_NETWORK, freshForMillis = 0)
        val refused = assertThrows(BonafideException::class.java) { protection.tokenBlocking(URL) }
        assertEquals(StatusCode.NO_NETWORK, refused.code)
    }

    @Test
    fun `a closed protection hands out no token that it still remembers`() {
        val protection = started()
        protection.headers()
        protection.close()
        val refused = assertThrows(BonafideException::class.java) { protection.headers() }
        assertEquals(StatusCode.NOT_STARTED, refused.code)
    }

    @Test
    fun `prepared headers are those of a fresh token, and nothing else is prepared`() {
        val protection = started()
        assertNull(protection.preparedHeadersFor(HOST), "nothing was asked for yet")
        protection.headers(binding = byteArrayOf(1))
        assertNull(protection.preparedHeadersFor(HOST), "a bound token is for its own request")
        protection.headers()
        starter.engine.calls.clear()
        assertEquals(mapOf("Bonafide-Token" to "token-1"), protection.preparedHeadersFor(HOST))
        assertNull(protection.preparedHeadersFor("other.example"))
        assertEquals(emptyList<String>(), starter.engine.calls)
        clock.pass(60_000)
        assertNull(protection.preparedHeadersFor(HOST), "past its half-life the core is to be asked")
        protection.headers()
        protection.close()
        assertNull(protection.preparedHeadersFor(HOST), "closed")
    }

    private companion object {
        const val HOST = "api.acme.com"
        const val URL = "https://api.acme.com/login"
        const val LONG = 60_000L
    }
}
