package io.bonafide

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class LifecycleTest {
    @TempDir
    lateinit var folder: File

    private val starter = StarterDouble()
    private val protection = NativeProtection(starter, ClockDouble())

    private fun settings() = Settings(InitialConfig.of(ByteArray(0)), folder, "app", "1", requestTimeoutMillis = LONG)

    private fun codeOf(work: suspend () -> Unit) = assertThrows(BonafideException::class.java) { runBlocking { work() } }.code

    @Test
    fun `a call before start waits its time, and then says so`() {
        assertEquals(StatusCode.NOT_STARTED, codeOf { protection.headersFor(URL, null, 1) })
        assertEquals(StatusCode.NOT_STARTED, codeOf { protection.rulesFor("api.acme.com") })
        assertEquals(0, protection.configRevision)
    }

    @Test
    fun `a pin check before start refuses`() {
        assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("api.acme.com", emptyList()))
    }

    @Test
    fun `a call before start goes on once started`() =
        runBlocking {
            val headers = async(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { protection.headersFor(URL, null, LONG) }
            protection.start(settings())
            starter.open()
            assertEquals(mapOf("Bonafide-Token" to "token-1"), headers.await())
        }

    @Test
    fun `start is safe twice`() {
        starter.open()
        protection.start(settings())
        protection.start(settings())
        runBlocking { protection.awaitStarted(LONG) }
        protection.start(settings())
        assertEquals(1, starter.starts)
    }

    @Test
    fun `the revision follows the config, and never falls`() {
        starter.open()
        protection.start(settings())
        runBlocking { protection.awaitStarted(LONG) }
        assertEquals(1, protection.configRevision)
        assertEquals("set-1", protection.rulesFor("api.acme.com").pinSet)
        starter.engine.changeConfig(to = 3)
        assertEquals("set-3", protection.rulesFor("api.acme.com").pinSet)
        starter.engine.changeConfig(to = 2)
        assertEquals(3, protection.configRevision)
    }

    @Test
    fun `a config that comes before the start is over is not yet the word to go on`() {
        protection.start(settings())
        starter.announceEarly(revision = 2)
        assertEquals(0, protection.configRevision)
        starter.open()
        runBlocking { protection.awaitStarted(LONG) }
        assertEquals(2, protection.configRevision)
    }

    @Test
    fun `settings that cannot be made are why the start failed`() {
        protection.start(HostPlatform, LONG) { throw BonafideException(StatusCode.BAD_INITIAL_CONFIG) }
        assertEquals(StatusCode.BAD_INITIAL_CONFIG, codeOf { protection.awaitStarted(LONG) })
        starter.open()
        protection.start(HostPlatform, LONG) { settings() }
        runBlocking { protection.awaitStarted(LONG) }
    }

    @Test
    fun `the status flows from phase to phase, and ends with the close`() {
        assertEquals(ProtectionStatus.Phase.NOT_STARTED, protection.status.value.phase)
        protection.start(settings())
        awaitPhase(ProtectionStatus.Phase.STARTING)
        starter.open()
        awaitPhase(ProtectionStatus.Phase.RUNNING)
        protection.close()
        awaitPhase(ProtectionStatus.Phase.CLOSED)
    }

    @Test
    fun `the status flows when the core's does`() {
        starter.open()
        protection.start(settings())
        awaitPhase(ProtectionStatus.Phase.RUNNING)
        starter.engine.changeConfig(to = 5)
        starter.engine.onStatus()
        runBlocking { withTimeout(LONG) { protection.status.first { it.configRevision == 5L } } }
    }

    private fun awaitPhase(phase: ProtectionStatus.Phase) =
        runBlocking {
            withTimeout(LONG) { protection.status.first { it.phase == phase } }
        }

    @Test
    fun `rules are asked for once for each config`() {
        starter.open()
        protection.start(settings())
        runBlocking { protection.awaitStarted(LONG) }
        repeat(3) { protection.rulesFor("api.acme.com") }
        assertEquals(listOf("rules"), starter.engine.calls)
    }

    @Test
    fun `closed while starting, what was made is ended`() {
        protection.start(settings())
        protection.close()
        starter.open()
        runBlocking { withTimeout(LONG) { starter.engine.ended.await() } }
        assertEquals(ProtectionStatus.Phase.CLOSED, protection.status().phase)
    }

    @Test
    fun `listeners hear of a mismatch, and one that throws harms nobody`() {
        starter.open()
        protection.start(settings())
        runBlocking { protection.awaitStarted(LONG) }
        val heard = mutableListOf<String>()
        protection.addMismatchListener { _, _ -> error("on purpose") }
        protection.addMismatchListener { mismatch, enforced -> heard += "${mismatch.host} $enforced" }
        protection.reportMismatch(PinVerdict.Mismatch("api.acme.com", emptyList(), emptyList()))
        assertEquals(listOf("api.acme.com true"), heard)
        assertTrue("report enforced=true" in starter.engine.calls)
    }

    @Test
    fun `a check that fails inside refuses`() {
        starter.open()
        protection.start(settings())
        runBlocking { protection.awaitStarted(LONG) }
        starter.engine.pinVerdict = { throw BonafideException(StatusCode.INTERNAL_ERROR) }
        assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("api.acme.com", emptyList()))
    }

    @Test
    fun `the diagnosis names what fails, with the next step`() {
        starter.open()
        protection.start(settings())
        val diagnosis = protection.diagnoseBlocking()
        val expected = listOf("start" to true, "storage" to true, "service" to true, "tokens" to false)
        assertEquals(expected, diagnosis.checks.map { it.name to it.ok })
        assertEquals(StatusCode.NO_NETWORK.nextStep, diagnosis.checks.last().nextStep)
        assertEquals(2, diagnosis.toString().split(StatusCode.NO_NETWORK.nextStep).size, "it is said once: $diagnosis")
    }

    private companion object {
        const val URL = "https://api.acme.com/login"
        const val LONG = 60_000L
    }
}
