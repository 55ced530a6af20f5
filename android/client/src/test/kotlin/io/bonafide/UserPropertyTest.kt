package io.bonafide

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class UserPropertyTest {
    @TempDir
    lateinit var folder: File

    private val starter = StarterDouble().open()

    private fun NativeProtection.begin() =
        apply {
            start(Settings(InitialConfig.of(ByteArray(0)), folder, "app", "1"))
            runBlocking { awaitStarted(LONG) }
        }

    private fun NativeProtection.token() = runBlocking { headersFor("https://api.acme.com/", null, LONG) }["Bonafide-Token"]

    @Test
    fun `a text that cannot be one is refused, and the one before stays`() {
        val protection = NativeProtection(starter, ClockDouble())
        protection.userProperty = "u-1"
        for (wrong in listOf("", " ", "a b", "a,b", "a\n", "ü", "u".repeat(129))) {
            assertThrows(IllegalArgumentException::class.java) { protection.userProperty = wrong }
        }
        assertEquals("u-1", protection.userProperty)
    }

    @Test
    fun `it may be set before the start, and the core knows it before the first token`() {
        val protection = NativeProtection(starter, ClockDouble())
        protection.userProperty = "u-1"
        protection.begin().token()
        assertEquals(listOf("user=u-1", "rules", "token"), starter.engine.calls)
    }

    @Test
    fun `a token of the user before is not reused`() {
        val protection = NativeProtection(starter, ClockDouble()).begin()
        protection.token()
        starter.engine.lease = Lease("Bonafide-Token", "token-2", null, freshForMillis = 60_000)
        assertEquals("token-1", protection.token())
        protection.userProperty = "u-2"
        assertNull(protection.preparedHeadersFor("api.acme.com"))
        assertEquals("token-2", protection.token())
        protection.userProperty = null
        assertEquals("user=null", starter.engine.calls.last { it.startsWith("user") })
    }

    @Test
    fun `a closed protection takes it as well`() {
        val protection = NativeProtection(starter, ClockDouble()).begin()
        protection.close()
        protection.userProperty = "u-1"
        assertEquals("u-1", protection.userProperty)
    }

    @Test
    fun `a developer's build says so`() {
        val protection = NativeProtection(starter, ClockDouble()).begin()
        assertTrue(protection.diagnoseBlocking().checks.none { it.name == "development" })
        starter.engine.developmentKey = "AAAAAAAAAAAA"
        val said = protection.diagnoseBlocking().toString()
        assertTrue("DEVELOPMENT BUILD" in said && "AAAAAAAAAAAA" in said, said)
        assertEquals("AAAAAAAAAAAA", protection.status().developmentKey)
    }

    private companion object {
        const val LONG = 60_000L
    }
}
