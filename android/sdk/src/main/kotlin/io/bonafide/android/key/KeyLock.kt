package io.bonafide.android.key

import io.bonafide.platform.InstallKeyException
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.channels.FileLock
import java.util.concurrent.TimeUnit.MILLISECONDS
import java.util.concurrent.locks.ReentrantLock

/**
 * Held while the key is made or removed: two processes of one app that start together would otherwise each make one, and
 * the second would take the place of the first. AndroidKeyStore has no "make it if there is none".
 *
 * Waited for with a limit: Android freezes processes in the background, with all that they hold.
 */
internal class KeyLock(
    private val patienceMillis: Long = PATIENCE_MILLIS,
    private val file: () -> File,
) {
    /** @throws InstallKeyException where another holds it for longer than is worth waiting. */
    fun <T> holding(work: () -> T): T {
        val giveUpAt = System.nanoTime() + MILLISECONDS.toNanos(patienceMillis)
        try {
            if (!threads.tryLock(patienceMillis, MILLISECONDS)) throw unavailable("another thread holds it")
        } catch (e: InterruptedException) {
            throw interrupted(e)
        }
        try {
            return open().use { opened -> opened.locked(giveUpAt).use { work() } }
        } finally {
            threads.unlock()
        }
    }

    private fun open(): RandomAccessFile =
        try {
            RandomAccessFile(file().apply { parentFile?.mkdirs() }, "rw")
        } catch (e: IOException) {
            throw unavailable("$e", e)
        }

    private fun RandomAccessFile.locked(giveUpAt: Long): FileLock =
        try {
            var lock = channel.tryLock()
            while (lock == null) {
                if (System.nanoTime() - giveUpAt >= 0) throw unavailable("another process holds it")
                Thread.sleep(PAUSE_MILLIS)
                lock = channel.tryLock()
            }
            lock
        } catch (e: InterruptedException) {
            throw interrupted(e)
        } catch (e: IOException) {
            throw unavailable("$e", e)
        }

    private fun interrupted(cause: InterruptedException): InstallKeyException {
        Thread.currentThread().interrupt()
        return unavailable("the wait was interrupted", cause)
    }

    private fun unavailable(
        why: String,
        cause: Exception? = null,
    ) = InstallKeyException(InstallKeyException.Kind.UNAVAILABLE, "the install key's lock cannot be had: $why", cause)
}

/** A lock on a file is the process's; its threads wait here. */
private val threads = ReentrantLock()

/** Longer than an attested key takes, with a network fetch of the keys that attest it. */
private const val PATIENCE_MILLIS = 15_000L
private const val PAUSE_MILLIS = 20L
