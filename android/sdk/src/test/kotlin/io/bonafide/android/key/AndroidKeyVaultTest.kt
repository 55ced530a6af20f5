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
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.spec.ECGenParameterSpec

/** What is asked of AndroidKeyStore, and how its answers are read; on a double of it. */
class AndroidKeyVaultTest : OnAndroid() {
    private val vault = AndroidKeyVault("install-key/probe")

    @Before
    fun install() = StoreDouble.install()

    @After
    fun remove() = StoreDouble.remove()

    @Test
    fun `a certificate that cannot be read is no missing key`() {
        assertNull(vault.publicKey(KEY))
        vault.generate(KEY, null, strongBox = false)
        StoreDouble.certificatesReadable = false
        assertThrows(KeyStoreException::class.java) { vault.publicKey(KEY) }
        StoreDouble.certificatesReadable = true
        assertNotNull(vault.publicKey(KEY))
    }

    @Test
    fun `a key that cannot be had is no missing key`() {
        vault.generate(KEY, null, strongBox = false)
        StoreDouble.keyFailure = { UnrecoverableKeyException() }
        assertThrows(UnrecoverableKeyException::class.java) { vault.publicKey(KEY) }
        assertThrows(UnrecoverableKeyException::class.java) { vault.sign(KEY, byteArrayOf(1)) }
        assertFalse(vault.works())
    }

    @Test
    fun `before Android 12 no key is a missing one where the store cannot be reached`() {
        val older = AndroidKeyVault("install-key/probe", tellsAbsence = false)
        assertNull(older.publicKey(KEY))
        older.generate(KEY, null, strongBox = false)
        StoreDouble.reachable = false
        assertThrows(KeyStoreException::class.java) { older.publicKey(KEY) }
        assertThrows(KeyStoreException::class.java) { older.sign(KEY, byteArrayOf(1)) }
        // Reached again by the time that the probe has passed.
        StoreDouble.reachableAfterMaking = true
        assertNotNull(older.publicKey(KEY))
        assertEquals(setOf(KEY), StoreDouble.keys.keys)
    }

    @Test
    fun `a store that lists keys is reached, and need not make one for each that is missing`() {
        val older = AndroidKeyVault("install-key/probe", tellsAbsence = false)
        older.generate(KEY, null, strongBox = false)
        assertNull(older.publicKey("$KEY/2"))
        assertEquals(1, StoreDouble.made)
    }

    @Test
    fun `whatever a vendor's store throws, it does not work then`() {
        for (failure in listOf(NullPointerException(), IllegalStateException(), ProviderException())) {
            StoreDouble.keyFailure = { failure }
            assertFalse("$failure", vault.works())
        }
    }

    @Test
    fun `the key is asked for as the design has it`() {
        val challenge = ByteArray(32) { it.toByte() }
        vault.generate(KEY, challenge, strongBox = true)
        val spec = StoreDouble.keys.getValue(KEY).spec
        assertEquals(KeyProperties.PURPOSE_SIGN, spec.purposes)
        assertEquals("secp256r1", (spec.algorithmParameterSpec as ECGenParameterSpec).name)
        assertEquals(listOf(KeyProperties.DIGEST_SHA256), spec.digests.toList())
        assertArrayEquals(challenge, spec.attestationChallenge)
        assertTrue(spec.isStrongBoxBacked)
        assertFalse(spec.isUserAuthenticationRequired)
        vault.generate(KEY, null, strongBox = false)
        assertNull(StoreDouble.keys.getValue(KEY).spec.attestationChallenge)
    }

    @Test
    fun `it signs, and the probe leaves nothing behind`() {
        assertNull(vault.sign(KEY, byteArrayOf(1)))
        vault.generate(KEY, null, strongBox = false)
        val signature = vault.sign(KEY, byteArrayOf(1))
        val verifier = Signature.getInstance("SHA256withECDSA").apply { initVerify(vault.publicKey(KEY)).also { update(1.toByte()) } }
        assertTrue(verifier.verify(signature))
        assertTrue(vault.works())
        assertEquals(setOf(KEY), StoreDouble.keys.keys)
        vault.delete(KEY)
        assertNull(vault.publicKey(KEY))
    }

    @Test
    fun `it tells when a key was made, and its chain`() {
        assertNull(vault.madeAt(KEY))
        assertEquals(0, vault.chain(KEY).size)
        vault.generate(KEY, null, strongBox = false)
        assertEquals(StoreDouble.keys.getValue(KEY).madeAt.time, vault.madeAt(KEY))
        assertEquals(1, vault.chain(KEY).size)
    }

    private companion object {
        const val KEY = "install-key"
    }
}
