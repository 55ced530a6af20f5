package io.bonafide.android.key

import io.bonafide.OnAndroid
import io.bonafide.platform.InstallKeyException
import org.junit.Assert.assertEquals
import org.junit.Test
import java.io.BufferedReader
import java.io.File
import java.io.RandomAccessFile
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** Two processes of one app, each a process of the operating system. */
class ProcessesTest : OnAndroid() {
    private val lockFile by lazy { File(app.noBackupFilesDir, "key/lock") }

    private fun other(): Pair<Process, BufferedReader> {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val process =
            ProcessBuilder(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder::class.java.name,
                lockFile.path,
            ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        return process to process.inputStream.bufferedReader()
    }

    private fun isFree() = RandomAccessFile(lockFile, "rw").use { file -> file.channel.tryLock()?.also { it.release() } != null }

    private fun key(
        vault: SoftwareVault,
        lock: KeyLock,
    ): VaultInstallKey {
        val slots = KeySlots("key", KeyPointer({ File(lockFile.parentFile, "in-use") }), vault)
        return VaultInstallKey(vault, slots, lock, strongBox = false) { true }
    }

    @Test
    fun `while another process makes the key, this one waits, and not for one that was killed`() {
        val (process, said) = other()
        assertEquals("held", said.readLine())
        assertEquals(false, isFree())
        val vault = SoftwareVault()
        val key = key(vault, KeyLock { lockFile })
        val waiting = FutureTask { key.loadOrCreate() }
        thread { waiting.run() }
        assertEquals(emptyList<String>(), vault.calls)
        process.destroyForcibly().waitFor()
        assertEquals(65, waiting.get().point.size)
        assertEquals(true, isFree())
    }

    @Test
    fun `a process that is frozen with the lock is not waited for without end, nor is a thread that waits for it`() {
        val (process, said) = other()
        assertEquals("held", said.readLine())
        val vault = SoftwareVault()
        val key = key(vault, KeyLock(patienceMillis = 200) { lockFile })
        val waiting = List(2) { FutureTask { runCatching { key.loadOrCreate() }.exceptionOrNull() } }
        try {
            waiting.forEach { thread(isDaemon = true) { it.run() } }
            val failures = waiting.map { it.get(1, TimeUnit.MINUTES) as InstallKeyException }
            assertEquals(List(2) { InstallKeyException.Kind.UNAVAILABLE }, failures.map { it.kind })
            assertEquals(emptyList<String>(), vault.calls)
        } finally {
            process.destroyForcibly().waitFor()
        }
        assertEquals(65, key.loadOrCreate().point.size)
    }
}

/** The other process. */
internal object LockHolder {
    @JvmStatic
    fun main(arguments: Array<String>) {
        KeyLock { File(arguments.single()) }.holding {
            println("held")
            readln()
        }
    }
}
