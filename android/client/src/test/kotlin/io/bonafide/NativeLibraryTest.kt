package io.bonafide

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import java.io.File
import java.nio.file.Files
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate

/** The real library, through JNA, without a network: what crosses, and what must never end the process. */
class NativeLibraryTest {
    // In the build's own folder and not JUnit's: protections that a test drops still write while JUnit would delete it.
    private val folder: File = Files.createTempDirectory(File("target").toPath(), "native-library").toFile()

    private fun settings(
        config: ByteArray,
        developmentKey: String? = null,
    ) = Settings(
        InitialConfig.of(config),
        File(folder, "storage"),
        "com.example",
        "1.0.0",
        artifacts = emptyList(),
        requestTimeoutMillis = 300,
        developmentKey = developmentKey,
    )

    private fun started(): NativeProtection =
        NativeProtection().apply {
            start(settings(INITIAL))
            runBlocking { awaitStarted(LONG) }
        }

    @ParameterizedTest
    @ValueSource(strings = ["", "{}", "not json", "{\"roots\":[],\"config\":\"\"}", "TRUNCATED"])
    fun `a bad initial config is told to every call, and a good one may follow`(text: String) {
        val bad = if (text == "TRUNCATED") INITIAL.copyOf(INITIAL.size / 2) else text.encodeToByteArray()
        NativeProtection().use { protection ->
            protection.start(settings(bad))
            val failure = assertThrows(BonafideException::class.java) { runBlocking { protection.awaitStarted(LONG) } }
            assertEquals(StatusCode.BAD_INITIAL_CONFIG, failure.code)
            assertEquals(StatusClass.MISCONFIGURED, failure.statusClass)
            assertEquals(ProtectionStatus.Phase.FAILED, protection.status().phase)
            assertThrows(BonafideException::class.java) { protection.rulesFor("api.acme.com") }
            protection.start(settings(INITIAL))
            runBlocking { protection.awaitStarted(LONG) }
            assertEquals(100, protection.status().version)
        }
    }

    @Test
    fun `a config file that is not there is a bad initial config`() {
        NativeProtection().use { protection ->
            protection.start(Settings(InitialConfig.of(File(folder, "missing")), folder, "com.example", "1.0.0"))
            val failure = assertThrows(BonafideException::class.java) { runBlocking { protection.awaitStarted(LONG) } }
            assertEquals(StatusCode.BAD_INITIAL_CONFIG, failure.code)
            assertTrue("missing" in failure.message.orEmpty(), failure.message)
        }
    }

    @ParameterizedTest
    @ValueSource(strings = ["", "bonafide_dev_AAAAAAAAAAAA.cut"])
    fun `a development key that cannot be read stops the start`(key: String) {
        NativeProtection().use { protection ->
            protection.start(settings(INITIAL, key))
            val failure = assertThrows(BonafideException::class.java) { runBlocking { protection.awaitStarted(LONG) } }
            assertEquals(StatusCode.BAD_DEVELOPMENT_KEY, failure.code)
        }
    }

    @Test
    fun `a status that is logged says what it is`() {
        started().use {
            val status = it.status()
            assertEquals("RUNNING, config ${status.epoch}/${status.version}", "$status".substringBefore(", stored"))
        }
        NativeProtection().use { protection ->
            protection.start(settings(ByteArray(0)))
            assertThrows(BonafideException::class.java) { runBlocking { protection.awaitStarted(LONG) } }
            assertEquals("FAILED, failure bad_initial_config", "${protection.status()}")
        }
    }

    @Test
    fun `a development key crosses, and so does a user property`() {
        NativeProtection().use { protection ->
            protection.userProperty = "u-1"
            protection.start(settings(INITIAL, "bonafide_dev_AQEBAQEBAQEB." + "A".repeat(43)))
            runBlocking { protection.awaitStarted(LONG) }
            assertEquals("AQEBAQEBAQEB", protection.status().developmentKey)
            protection.userProperty = null
        }
        started().use { assertNull(it.status().developmentKey) }
    }

    @Test
    fun `the core refuses what is no user property, as this side does`() {
        val engine = NativeEngine.start(HostPlatform, settings(INITIAL), onRevision = {}, onStatus = {})
        for (text in listOf("", " ", "a b", "a,b", "a\n", "ü", "u".repeat(129), "u", "~!+-", "u".repeat(128))) {
            val here = runCatching { NativeProtection().userProperty = text }.isSuccess
            assertEquals(here, engine.setUserProperty(text) == null, text)
        }
        engine.close()
    }

    @Test
    fun `rules cross`(): Unit =
        started().use { protection ->
            val rules = protection.rulesFor("API.acme.com.")
            assertTrue(rules.listed && rules.pinned && rules.enforced && rules.protectedHost)
            assertEquals("Bonafide-Token", rules.tokenHeader)
            assertFalse(protection.rulesFor("other.example").listed)
            assertEquals(1, protection.configRevision)
            assertNull(protection.installationId())
        }

    @Test
    fun `verdicts cross with every hash`() {
        started().use { protection ->
            val mismatch = protection.checkPins("api.acme.com", CHAIN) as PinVerdict.Mismatch
            assertEquals("api.acme.com", mismatch.host)
            assertEquals(2, mismatch.expected.size)
            assertEquals(3, mismatch.served.size)
            assertTrue((mismatch.expected + mismatch.served).all { it.startsWith("sha256/") })
            assertInstanceOf(PinVerdict.Unpinned::class.java, protection.checkPins("other.example", CHAIN))
            assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("api.acme.com", emptyList()))
            assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("", CHAIN))
            assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("a".repeat(300), List(100) { CHAIN[0] }))
        }
    }

    @Test
    fun `after close every call is refused, and nothing crashes`() {
        val protection = started()
        protection.close()
        protection.close()
        System.gc()
        assertInstanceOf(PinVerdict.Mismatch::class.java, protection.checkPins("api.acme.com", CHAIN))
        assertEquals(StatusCode.NOT_STARTED, assertThrows(BonafideException::class.java) { protection.refreshBlocking() }.code)
        assertEquals(StatusCode.NOT_STARTED, assertThrows(BonafideException::class.java) { protection.rulesFor("x.example") }.code)
        assertEquals(ProtectionStatus.Phase.CLOSED, protection.status().phase)
    }

    @Test
    fun `the engine itself is safe after its end`() {
        val engine = NativeEngine.start(HostPlatform, settings(INITIAL), {}, {})
        engine.close()
        engine.close()
        assertEquals(StatusCode.NOT_STARTED, assertThrows(BonafideException::class.java) { engine.rules("api.acme.com") }.code)
        val token = assertThrows(BonafideException::class.java) { runBlocking { engine.token("api.acme.com", null, 10) } }
        assertEquals(StatusCode.NOT_STARTED, token.code)
    }

    @Test
    fun `two protections live side by side, and dropped ones are collected`() {
        val kept = started()
        repeat(20) { started() }
        System.gc()
        assertTrue(kept.rulesFor("api.acme.com").listed)
        kept.close()
    }

    private companion object {
        const val LONG = 60_000L
        val VECTORS = File("../../tests/vectors")

        // Runs at once, and never given back: java.util.regex goes one call deeper for each turn of a group.
        val INITIAL: ByteArray =
            Regex(""""initial": ?"([^"\\]*+(?:\\.[^"\\]*+)*+)"""")
                .find(File(VECTORS, "documents.json").readText())!!
                .groupValues[1]
                .replace("\\\"", "\"")
                .encodeToByteArray()

        val CHAIN: List<X509Certificate> =
            listOf("leaf", "intermediate", "root").map { name ->
                File(VECTORS, "chain/$name.der").inputStream().use {
                    CertificateFactory.getInstance("X.509").generateCertificate(it) as X509Certificate
                }
            }
    }
}
