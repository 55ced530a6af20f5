package io.bonafide.android.key

import android.system.ErrnoException
import android.system.Os
import android.system.OsConstants
import java.io.File
import java.io.FileNotFoundException
import java.io.FileOutputStream
import java.io.IOException

/** Where a key may lie: there are two names for it in the key store, and a key cannot be given another one. */
internal enum class KeySlot {
    FIRST,
    SECOND,
    ;

    val other: KeySlot get() = if (this == FIRST) SECOND else FIRST
}

/** The file that says which of the two holds the key in use. To write it is to change the key. */
internal class KeyPointer(
    private val file: () -> File,
    private val syncFolder: (File) -> Boolean = ::synced,
) {
    /**
     * What the file says; null where there is none, or where it is damaged: this is never half written, but a file system
     * may be.
     *
     * @throws IOException where it is there and cannot be read.
     */
    fun read(): KeySlot? {
        val content =
            try {
                file().inputStream().use { it.readBytes() }
            } catch (e: FileNotFoundException) {
                if (file().exists()) throw e else return null
            }
        return KeySlot.entries.find { it.content.contentEquals(content) }
    }

    /**
     * Changes it, at once or not at all.
     *
     * @return whether it certainly stays so when the power fails now.
     * @throws IOException where it was not changed.
     */
    fun write(slot: KeySlot): Boolean {
        val target = file()
        val folder = target.parentFile ?: throw IOException("$target lies in no folder")
        val new = File(folder, target.name + ".new")
        folder.mkdirs()
        FileOutputStream(new).use {
            it.write(slot.content)
            it.fd.sync()
        }
        if (!new.renameTo(target)) throw IOException("$new cannot take the place of $target")
        return syncFolder(folder)
    }

    private val KeySlot.content: ByteArray
        get() = "bonafide-key-1 ${name.lowercase()}\n".encodeToByteArray()
}

/** Java has no way to sync a folder on the oldest Android. */
private fun synced(folder: File): Boolean =
    try {
        val opened = Os.open(folder.path, OsConstants.O_RDONLY, 0)
        try {
            Os.fsync(opened)
        } finally {
            Os.close(opened)
        }
        true
    } catch (_: ErrnoException) {
        false
    }
