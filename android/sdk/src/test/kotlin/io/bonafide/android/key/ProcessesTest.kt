package io.bonafide.android.key

import io.bonafide.OnAndroid
import org.junit.Assert.assertEquals
import org.junit.Test
import java.io.BufferedReader
import java.io.File
import java.io.RandomAccessFile
import java.util.concurrent.FutureTask
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

    @Test
    fun `while another process makes the key, this one waits, and not for one that was killed`() {
        val (process, said) = other()
        assertEquals("held", said.readLine())
        assertEquals(false, isFree())
        val vault = SoftwareVault()
        val slots = KeySlots("key", KeyPointer({ File(lockFile.parentFile, "in-use") }), vault)
        val key = VaultInstallKey(vault, slots, KeyLock { lockFile }, strongBox = false) { true }
        val waiting = FutureTask { key.loadOrCreate() }
        thread { waiting.run() }
        assertEquals(emptyList<String>(), vault.calls)
        process.destroyForcibly().waitFor()
        assertEquals(65, waiting.get().point.size)
        assertEquals(true, isFree())
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
