package io.bonafide.android.key

import android.security.keystore.KeyPermanentlyInvalidatedException
import io.bonafide.OnAndroid
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import io.bonafide.platform.KeyFacts
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.security.KeyStoreException
import java.security.ProviderException
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate
import java.security.interfaces.ECPublicKey

/** Keys that are attested, and how one takes the place of another; each [key] is a process of its own. */
class CandidateTest : OnAndroid() {
    private val vault = SoftwareVault()
    private val folder by lazy { File(app.noBackupFilesDir, "candidate") }
    private val pointer get() = File(folder, "in-use")
    private val challenge = ByteArray(32) { it.toByte() }
    private var folderSynced = true

    private fun slots() = KeySlots("key", KeyPointer({ pointer }) { folderSynced }, vault)

    private fun key(strongBox: Boolean = false) = VaultInstallKey(vault, slots(), KeyLock { File(folder, "lock") }, strongBox) { true }

    private fun kindOf(call: () -> Unit): Kind = assertThrows(InstallKeyException::class.java) { call() }.kind

    private fun VaultInstallKey.adopted(): List<Byte> = makeCandidate(challenge).key.point.also { adoptCandidate(it) }.toList()

    private fun VaultInstallKey.point() = load()?.point?.toList()

    @Test
    fun `a candidate is attested for its challenge, and the key in use stays`() {
        val first = key().loadOrCreate().point.toList()
        val candidate = key().makeCandidate(challenge)
        val certificates = CertificateFactory.getInstance("X.509")
        val chain = candidate.chain.map { certificates.generateCertificate(ByteArrayInputStream(it)) as X509Certificate }
        chain.zipWithNext { certificate, issuer -> certificate.verify(issuer.publicKey) }
        val described = chain.first().getExtensionValue("1.3.6.1.4.1.11129.2.1.17").toList()
        assertTrue(described.windowed(challenge.size).any { it == challenge.toList() })
        assertArrayEquals(candidate.key.point, P256Point.of(chain.first().publicKey as ECPublicKey))
        assertEquals(first, key().point())
        assertEquals(64, key().signWithCandidate(byteArrayOf(1)).size)
    }

    @Test
    fun `the first key is a candidate, and none before it is adopted`() {
        assertNull(key().load())
        val candidate = key().makeCandidate(challenge).key.point
        assertNull("killed now, the next process makes another one", key().load())
        assertEquals(Kind.LOST, kindOf { key().sign(byteArrayOf(1)) })
        key().adoptCandidate(candidate)
        assertEquals(candidate.toList(), key().point())
    }

    @Test
    fun `an adopted candidate is the key of all processes, and the old one is gone`() {
        val (one, two) = key() to key()
        one.loadOrCreate()
        val second = one.adopted()
        assertEquals(second, two.point())
        assertEquals(1, vault.names.size)
        val third = two.adopted()
        assertEquals(third, one.point())
        assertEquals(64, one.sign(byteArrayOf(1)).size)
        assertEquals(1, vault.names.size)
    }

    @Test
    fun `another process's candidate is not adopted`() {
        key().loadOrCreate()
        val before = key().point()
        val mine = key().makeCandidate(challenge).key.point
        key().makeCandidate(ByteArray(32))
        assertEquals(Kind.FAILED, kindOf { key().adoptCandidate(mine) })
        assertEquals(before, key().point())
    }

    @Test
    fun `a candidate that is gone is no lost key`() {
        key().loadOrCreate()
        assertEquals(Kind.FAILED, kindOf { key().signWithCandidate(byteArrayOf(1)) })
        assertEquals(Kind.FAILED, kindOf { key().adoptCandidate(ByteArray(65)) })
        key().makeCandidate(challenge)
        vault.failures["sign"] = { KeyPermanentlyInvalidatedException() }
        assertEquals(Kind.FAILED, kindOf { key().signWithCandidate(byteArrayOf(1)) })
        vault.failures.clear()
        key().dropCandidate()
        key().dropCandidate()
        assertEquals(Kind.FAILED, kindOf { key().signWithCandidate(byteArrayOf(1)) })
        assertNotNull(key().load())
    }

    @Test
    fun `killed after the change and before the old key went, the new one is in use`() {
        key().loadOrCreate()
        val candidate = key().makeCandidate(challenge).key.point
        vault.failures["delete"] = { ProviderException("killed") }
        key().adoptCandidate(candidate)
        assertEquals(2, vault.names.size)
        assertEquals(candidate.toList(), key().point())
        vault.failures.clear()
        val next = key().adopted()
        assertEquals(next, key().point())
        assertEquals(1, vault.names.size)
    }

    @Test
    fun `a change that cannot be written down does not happen`() {
        val before = key().run { loadOrCreate().point.toList() }
        val candidate = key().makeCandidate(challenge).key.point
        assertTrue(File(folder, "in-use.new").mkdirs())
        assertEquals(Kind.UNAVAILABLE, kindOf { key().adoptCandidate(candidate) })
        assertEquals(before, key().point())
        assertEquals(2, vault.names.size)
    }

    @Test
    fun `the old key stays until the change is certain`() {
        key().loadOrCreate()
        val before = pointer.takeIf { it.exists() }
        val candidate = key().makeCandidate(challenge).key.point
        val written = pointer.readBytes()
        folderSynced = false
        key().adoptCandidate(candidate)
        assertEquals(candidate.toList(), key().point())
        // The power fails, and the file system remembers the file of before.
        pointer.writeBytes(written)
        assertNotNull("$before", key().load())
        assertNotEquals(candidate.toList(), key().point())
    }

    @Test
    fun `a torn or missing file costs no key`() {
        key().loadOrCreate()
        val only = key().adopted()
        for (content in listOf(null, "", "bonafide-key-1 fir", "rubbish", "bonafide-key-1 first\n\n")) {
            if (content == null) pointer.delete() else pointer.writeText(content)
            assertEquals("only one there: $content", only, key().point())
            assertEquals(64, key().sign(byteArrayOf(1)).size)
            assertEquals(only, key().loadOrCreate().point.toList())
        }
        key().makeCandidate(challenge)
        for (content in listOf(null, "", "rubbish")) {
            if (content == null) pointer.delete() else pointer.writeText(content)
            assertEquals("of two the older: $content", only, key().point())
        }
        assertEquals(Kind.FAILED, kindOf { key().adoptCandidate(ByteArray(65)) })
        assertNotEquals(only, key().adopted())
    }

    @Test
    fun `a file that cannot be read, and a locked key, are no lost key`() {
        val before = key().run { loadOrCreate().point.toList() }
        key().makeCandidate(challenge)
        val content = pointer.readBytes()
        pointer.delete()
        assertTrue(pointer.mkdirs())
        for (call in listOf<() -> Unit>({ key().load() }, { key().loadOrCreate() }, { key().sign(byteArrayOf(1)) })) {
            assertEquals(Kind.UNAVAILABLE, kindOf(call))
        }
        pointer.delete()
        vault.failures["publicKey"] = { KeyStoreException("locked") }
        assertEquals("which of two it is", Kind.UNAVAILABLE, kindOf { key().load() })
        pointer.writeBytes(content)
        assertEquals(Kind.UNAVAILABLE, kindOf { key().load() })
        assertEquals(Kind.UNAVAILABLE, kindOf { key().makeCandidate(challenge) })
        vault.failures.clear()
        assertEquals(before, key().point())
    }

    @Test
    fun `a key that another process changed in between is not lost`() {
        key().adopted()
        val other = key()
        val mine = key()
        assertNotNull(mine.load())
        vault.failures["sign"] = {
            vault.failures.clear()
            other.adopted()
            ProviderException(android.security.KeyStoreException(7, "there is no such key"))
        }
        assertEquals(64, mine.sign(byteArrayOf(1)).size)
        assertEquals(other.point(), mine.point())
    }

    @Test
    fun `the files have a frozen form`() {
        key().loadOrCreate()
        key().makeCandidate(challenge)
        assertEquals("bonafide-key-1 first\n", pointer.readText())
        key().adopted()
        assertEquals("bonafide-key-1 second\n", pointer.readText())
        assertEquals(setOf("key/2"), vault.names)
    }

    @Test
    fun `a reset removes both`() {
        key().loadOrCreate()
        key().makeCandidate(challenge)
        key().reset()
        assertEquals(emptySet<String>(), vault.names)
        assertNull(key().load())
    }

    @Test
    fun `attestation keys that have run out are a retry`() {
        vault.failures["attest"] = { ProviderException(android.security.KeyStoreException(22, "out of keys")) }
        val key = key()
        repeat(10) { assertEquals(Kind.UNAVAILABLE, kindOf { key.makeCandidate(challenge) }) }
        assertTrue(key.attests())
        vault.failures.clear()
        assertEquals(4, key.makeCandidate(challenge).chain.size)
    }

    @Test
    fun `a phone that attests nothing is asked once, and has a key all the same`() {
        val unimplemented = { ProviderException(android.security.KeyStoreException(-100, "unimplemented")) }
        val cases =
            mapOf<String, SoftwareVault.() -> Unit>(
                "one certificate" to { attests = false },
                "in software" to { level = KeyFacts.Level.SOFTWARE },
                "not implemented" to { failures["attest"] = unimplemented },
            )
        for ((what, set) in cases) {
            vault.set()
            val key = key()
            assertTrue(key.attests())
            assertEquals(what, Kind.FAILED, kindOf { key.makeCandidate(challenge) })
            assertFalse(what, key.attests())
            assertEquals(64, key.run { loadOrCreate().let { sign(byteArrayOf(1)) } }.size)
            key.reset()
            vault.failures.clear()
            vault.attests = true
            vault.level = KeyFacts.Level.HARDWARE
        }
    }

    @Test
    fun `with a key in software no other one is made to find that out`() {
        vault.level = KeyFacts.Level.SOFTWARE
        key().loadOrCreate()
        vault.calls.clear()
        kindOf { key().makeCandidate(challenge) }
        assertFalse("generate" in vault.calls)
    }

    @Test
    fun `an Android that does not say why is believed after five attempts, if its store makes other keys`() {
        vault.failures["attest"] = { ProviderException("Failed to generate key pair.") }
        val key = key()
        vault.storeWorks = false
        repeat(9) { assertEquals(Kind.UNAVAILABLE, kindOf { key.makeCandidate(challenge) }) }
        assertTrue("the store is broken", key.attests())
        vault.storeWorks = true
        assertEquals(Kind.FAILED, kindOf { key.makeCandidate(challenge) })
        assertFalse(key.attests())
        val lucky = key()
        repeat(4) { kindOf { lucky.makeCandidate(challenge) } }
        vault.failures.clear()
        lucky.makeCandidate(challenge)
        vault.failures["attest"] = { ProviderException("Failed to generate key pair.") }
        repeat(4) { kindOf { lucky.makeCandidate(challenge) } }
        assertTrue("not five in a row", lucky.attests())
    }

    @Test
    fun `what StrongBox does not attest, the trusted execution environment does`() {
        vault.failures["generate in StrongBox"] = { ProviderException("no StrongBox") }
        assertEquals(4, key(strongBox = true).makeCandidate(challenge).chain.size)
        assertEquals(listOf("generate in StrongBox", "generate"), vault.calls.filter { it.startsWith("generate") })
    }

    @Test
    fun `no folder, no candidate, and no crash`() {
        folder.parentFile!!.mkdirs()
        folder.writeText("a file where the folder should be")
        assertEquals(Kind.UNAVAILABLE, kindOf { key().makeCandidate(challenge) })
        assertThrows(IOException::class.java) { KeyPointer({ pointer }).write(KeySlot.FIRST) }
    }
}
