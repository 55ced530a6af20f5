package io.bonafide.android.key

import android.security.keystore.KeyProperties
import io.bonafide.OnAndroid
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import java.security.KeyStoreException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.spec.ECGenParameterSpec

/** What is asked of AndroidKeyStore, and how its answers are read; on a double of it. */
class AndroidKeyVaultTest : OnAndroid() {
    private val vault = AndroidKeyVault("install-key")

    @Before
    fun install() = StoreDouble.install()

    @After
    fun remove() = StoreDouble.remove()

    @Test
    fun `a certificate that cannot be read is no missing key`() {
        assertNull(vault.publicKey())
        vault.generate(null, strongBox = false)
        StoreDouble.certificatesReadable = false
        assertThrows(KeyStoreException::class.java) { vault.publicKey() }
        StoreDouble.certificatesReadable = true
        assertNotNull(vault.publicKey())
    }

    @Test
    fun `a key that cannot be had is no missing key`() {
        vault.generate(null, strongBox = false)
        StoreDouble.keyFailure = { UnrecoverableKeyException() }
        assertThrows(UnrecoverableKeyException::class.java) { vault.publicKey() }
        assertThrows(UnrecoverableKeyException::class.java) { vault.sign(byteArrayOf(1)) }
        assertFalse(vault.works())
    }

    @Test
    fun `the key is asked for as the design has it`() {
        val challenge = ByteArray(32) { it.toByte() }
        vault.generate(challenge, strongBox = true)
        val spec = StoreDouble.keys.getValue("install-key").spec
        assertEquals(KeyProperties.PURPOSE_SIGN, spec.purposes)
        assertEquals("secp256r1", (spec.algorithmParameterSpec as ECGenParameterSpec).name)
        assertEquals(listOf(KeyProperties.DIGEST_SHA256), spec.digests.toList())
        assertArrayEquals(challenge, spec.attestationChallenge)
        assertTrue(spec.isStrongBoxBacked)
        assertFalse(spec.isUserAuthenticationRequired)
        vault.generate(null, strongBox = false)
        assertNull(StoreDouble.keys.getValue("install-key").spec.attestationChallenge)
    }

    @Test
    fun `it signs, and the probe leaves nothing behind`() {
        assertNull(vault.sign(byteArrayOf(1)))
        vault.generate(null, strongBox = false)
        val signature = vault.sign(byteArrayOf(1))
        val verifier = Signature.getInstance("SHA256withECDSA").apply { initVerify(vault.publicKey()).also { update(1.toByte()) } }
        assertTrue(verifier.verify(signature))
        assertTrue(vault.works())
        assertEquals(setOf("install-key"), StoreDouble.keys.keys)
        vault.delete()
        assertNull(vault.publicKey())
    }
}
