package io.bonafide.android.key

import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.StrongBoxUnavailableException
import io.bonafide.OnAndroid
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import java.security.InvalidAlgorithmParameterException
import java.security.InvalidKeyException
import java.security.KeyStoreException
import java.security.ProviderException
import java.security.SignatureException
import java.security.UnrecoverableKeyException
import java.util.concurrent.Callable
import java.util.concurrent.Executors

class VaultInstallKeyTest : OnAndroid() {
    private val vault = SoftwareVault()
    private var unlocked = true
    private val lockFile by lazy { File(app.noBackupFilesDir, "key/lock") }

    private fun key(strongBox: Boolean = false): VaultInstallKey {
        val slots = KeySlots("key", KeyPointer({ File(lockFile.parentFile, "in-use") }), vault)
        return VaultInstallKey(vault, slots, KeyLock { lockFile }, strongBox) { unlocked }
    }

    private fun kindOf(call: VaultInstallKey.() -> Unit): Kind = assertThrows(InstallKeyException::class.java) { key().call() }.kind

    @Test
    fun `before the first unlock the store is not even asked`() {
        unlocked = false
        assertEquals(Kind.UNAVAILABLE, kindOf { loadOrCreate() })
        assertEquals(Kind.UNAVAILABLE, kindOf { sign(byteArrayOf(1)) })
        assertEquals(Kind.UNAVAILABLE, kindOf { reset() })
        assertEquals(emptyList<String>(), vault.calls)
    }

    @Test
    fun `a key that is gone is told by signing, and made by loading`() {
        assertEquals(Kind.LOST, kindOf { sign(byteArrayOf(1)) })
        val first = key().loadOrCreate()
        assertEquals(65, first.point.size)
        assertArrayEquals(first.point, key().loadOrCreate().point)
        assertEquals(64, key().sign(byteArrayOf(1)).size)
        key().reset()
        assertNotEquals(first.point.toList(), key().loadOrCreate().point.toList())
    }

    @Test
    fun `what an exception means, by type and cause`() {
        val lost = KeyPermanentlyInvalidatedException()
        val table: List<Triple<String, () -> Exception, Kind?>> =
            listOf(
                Triple("invalidated for good", { lost }, Kind.LOST),
                Triple("the same as a cause", { UnrecoverableKeyException().apply { initCause(lost) } }, Kind.LOST),
                Triple("deep below", { ProviderException(RuntimeException(lost)) }, Kind.LOST),
                Triple("cannot be recovered: the store decides", { UnrecoverableKeyException() }, null),
                Triple("cannot be used: the store decides", { InvalidKeyException() }, null),
                Triple("the daemon is busy", { ProviderException("busy") }, Kind.UNAVAILABLE),
                Triple("the store is not there", { KeyStoreException() }, Kind.UNAVAILABLE),
                Triple("a signature that did not come", { SignatureException() }, Kind.UNAVAILABLE),
                Triple("an old Android's code within", { SignatureException(KeyStoreException("-28")) }, Kind.UNAVAILABLE),
                Triple("no such algorithm", { java.security.NoSuchAlgorithmException() }, Kind.FAILED),
            )
        for ((what, failure, kind) in table) assertEquals(what, kind, KeyFailures.kindOf(failure()))
    }

    @Test
    fun `what a code of Android 13 means`() {
        // Keystore2's own codes (ResponseCode, ErrorCode), which the exception turns into the public ones.
        val table =
            listOf(
                Triple("there is no such key", 7, Kind.LOST),
                Triple("its blob is corrupted", 8, Kind.LOST),
                Triple("locked", 2, Kind.UNAVAILABLE),
                Triple("not initialised", 3, Kind.UNAVAILABLE),
                Triple("the store failed", 4, Kind.UNAVAILABLE),
                Triple("attestation keys have run out", 22, Kind.UNAVAILABLE),
            )
        for ((what, code, kind) in table) {
            val failure = android.security.KeyStoreException(code, what)
            assertEquals("$what (${failure.numericErrorCode})", kind, KeyFailures.kindOf(ProviderException(failure)))
        }
    }

    @Test
    fun `a key that cannot be had is lost where the store works, and not where it does not`() {
        key().loadOrCreate()
        vault.failures["sign"] = { UnrecoverableKeyException() }
        vault.storeWorks = false
        assertEquals(Kind.UNAVAILABLE, kindOf { sign(byteArrayOf(1)) })
        vault.storeWorks = true
        assertEquals(Kind.LOST, kindOf { sign(byteArrayOf(1)) })
        assertFalse("remade by itself", "delete" in vault.calls)
    }

    @Test
    fun `a store that is busy for the key and free for the probe loses no key`() {
        val point = key().loadOrCreate().point
        for (name in listOf("sign", "publicKey")) vault.failures[name] = { UnrecoverableKeyException().takeIf { "works" !in vault.calls } }
        assertEquals(Kind.UNAVAILABLE, kindOf { sign(byteArrayOf(1)) })
        assertTrue("works" in vault.calls)
        assertArrayEquals(point, key().loadOrCreate().point)
    }

    @Test
    fun `nor does one that cannot be asked once more`() {
        key().loadOrCreate()
        var asked = 0
        vault.failures["sign"] = { if (++asked == 1) UnrecoverableKeyException() else ProviderException("busy") }
        assertEquals(Kind.UNAVAILABLE, kindOf { sign(byteArrayOf(1)) })
    }

    @Test
    fun `without StrongBox the key is made in the trusted execution environment`() {
        val failures = listOf(StrongBoxUnavailableException(), InvalidAlgorithmParameterException(), NullPointerException())
        for (failure in failures) {
            vault.calls.clear()
            vault.failures["generate in StrongBox"] = { failure }
            key(strongBox = true).apply { reset() }.loadOrCreate()
            assertEquals("$failure", listOf("generate in StrongBox", "generate"), vault.calls.filter { it.startsWith("generate") })
        }
        vault.calls.clear()
        key().apply { reset() }.loadOrCreate()
        assertEquals(listOf("generate"), vault.calls.filter { it.startsWith("generate") })
    }

    @Test
    fun `starts that race make one key`() {
        val pool = Executors.newFixedThreadPool(8)
        val points = pool.invokeAll(List(32) { Callable { key().loadOrCreate().point.toList() } }).map { it.get() }
        pool.shutdown()
        assertEquals(1, points.toSet().size)
        assertEquals(1, vault.calls.count { it == "generate" })
    }

    @Test
    fun `a lock that cannot be had is no lost key`() {
        lockFile.parentFile!!.parentFile!!.mkdirs()
        lockFile.parentFile!!.writeText("a file where the folder should be")
        assertEquals(Kind.UNAVAILABLE, kindOf { loadOrCreate() })
        assertTrue("generate" !in vault.calls)
    }
}
