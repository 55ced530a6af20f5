package io.bonafide

import io.bonafide.internal.generated.EvidenceException
import io.bonafide.internal.generated.KeyException
import io.bonafide.internal.generated.NativeEvidence
import io.bonafide.internal.generated.NativeEvidenceKind
import io.bonafide.internal.generated.NativeKeyLevel
import io.bonafide.internal.generated.ObserverPort
import io.bonafide.platform.EvidenceFailure
import io.bonafide.platform.InstallKey
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.KeyCandidate
import io.bonafide.platform.KeyFacts
import io.bonafide.platform.Platform
import io.bonafide.platform.PlatformEvidence
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.File

/** What a platform says, as the core hears it. */
class NativePortsTest {
    private open class OnPaper : Platform {
        override val kind = Platform.Kind.ANDROID

        override fun provideLibrary(storage: File) = Unit
    }

    private open class Key : InstallKey {
        override fun loadOrCreate() = KeyFacts(byteArrayOf(4), KeyFacts.Level.HARDWARE)

        override fun sign(message: ByteArray) = message

        override fun reset() = Unit
    }

    private val nobody =
        object : ObserverPort {
            override fun configChanged(revision: ULong) = Unit

            override fun statusChanged() = Unit
        }

    private fun portOf(key: InstallKey) =
        object : OnPaper() {
            override val installKey = key
        }.toNative(nobody).installKey!!

    private fun portOf(statement: (ByteArray) -> String) =
        object : OnPaper() {
            override val evidence =
                object : PlatformEvidence {
                    override val kind = PlatformEvidence.Kind.PLAY_INTEGRITY

                    override fun statement(boundHash: ByteArray) = statement(boundHash)
                }
        }.toNative(nobody).evidence!!

    @Test
    fun `what a key's failure means is told`() {
        for (kind in InstallKeyException.Kind.entries) {
            val port =
                portOf(
                    object : Key() {
                        override fun makeCandidate(challenge: ByteArray) = throw InstallKeyException(kind, "why")
                    },
                )
            val told = assertThrows<KeyException> { port.makeCandidate(ByteArray(32)) }
            assertEquals(kind.name, told.javaClass.simpleName.uppercase())
        }
    }

    @Test
    fun `a key that is not attested has no candidates`() {
        val port = portOf(Key())
        assertFalse(port.attests())
        assertThrows<KeyException.Failed> { port.makeCandidate(ByteArray(32)) }
        assertThrows<KeyException.Failed> { port.signWithCandidate(ByteArray(1)) }
        assertThrows<KeyException.Failed> { port.adoptCandidate(ByteArray(65)) }
        port.dropCandidate()
        assertEquals(NativeKeyLevel.HARDWARE, port.load()!!.level)
    }

    @Test
    fun `a candidate crosses with its chain`() {
        val adopted = mutableListOf<ByteArray>()
        val port =
            portOf(
                object : Key() {
                    override fun attests() = true

                    override fun load(): KeyFacts? = null

                    override fun makeCandidate(challenge: ByteArray) = KeyCandidate(loadOrCreate(), listOf(challenge, byteArrayOf(2)))

                    override fun adoptCandidate(point: ByteArray) {
                        adopted += point
                    }
                },
            )
        assertTrue(port.attests())
        assertNull(port.load())
        val candidate = port.makeCandidate(byteArrayOf(1))
        assertEquals(listOf(listOf<Byte>(1), listOf<Byte>(2)), candidate.chain.map { it.toList() })
        port.adoptCandidate(candidate.key.point)
        assertArrayEquals(byteArrayOf(4), adopted.single())
    }

    @Test
    fun `what a lack of evidence means is told`() {
        for (kind in EvidenceFailure.Kind.entries) {
            val port = portOf { _ -> throw EvidenceFailure(kind, "why") }
            val told = assertThrows<EvidenceException> { port.evidence(ByteArray(32), true) }
            assertEquals(kind.name, told.javaClass.simpleName.uppercase())
        }
    }

    @Test
    fun `evidence crosses, with the hash that it carries`() {
        val port = portOf { hash -> "for ${hash.toList()}" }
        assertEquals(NativeEvidenceKind.PLAY_INTEGRITY, port.kind())
        assertEquals(NativeEvidence.PlayIntegrity("for [7]"), port.evidence(byteArrayOf(7), false))
        assertNull(OnPaper().toNative(nobody).evidence)
    }
}
