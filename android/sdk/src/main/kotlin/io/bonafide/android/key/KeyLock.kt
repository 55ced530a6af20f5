package io.bonafide.android.key

import io.bonafide.platform.InstallKeyException
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile

/**
 * Held while the key is made or removed: two processes of one app that start together would otherwise each make one, and
 * the second would take the place of the first. AndroidKeyStore has no "make it if there is none".
 */
internal class KeyLock(
    private val file: () -> File,
) {
    fun <T> holding(work: () -> T): T =
        // A lock on a file is the process's; its threads wait here.
        synchronized(KeyLock::class.java) {
            open().use { opened -> opened.locked().use { work() } }
        }

    private fun open(): RandomAccessFile =
        try {
            RandomAccessFile(file().apply { parentFile?.mkdirs() }, "rw")
        } catch (e: IOException) {
            throw unavailable(e)
        }

    private fun RandomAccessFile.locked() =
        try {
            channel.lock()
        } catch (e: IOException) {
            throw unavailable(e)
        }

    private fun unavailable(cause: IOException) =
        InstallKeyException(InstallKeyException.Kind.UNAVAILABLE, "the install key's lock cannot be had: $cause", cause)
}
