package io.bonafide

import com.sun.jna.Platform
import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.util.logging.Logger

/**
 * The native library as a file that stays.
 *
 * JNA unpacks a library from its jar into a temporary file and deletes that once it is loaded. Then nothing is left for
 * the core to compare its code in memory with. So on a desktop JVM the library is unpacked into the app's storage.
 */
internal object LibraryFile {
    /** Unpacks the library below [storage], unless the same bytes lie there, and has the generated code load that file. */
    @Synchronized
    fun provide(storage: File) {
        if (System.getProperty(OVERRIDE) != null) return
        val name = System.mapLibraryName("bonafide")
        val packed = LibraryFile::class.java.getResourceAsStream("/${Platform.RESOURCE_PREFIX}/$name") ?: return
        try {
            val bytes = packed.use { it.readBytes() }
            val file = File(File(storage, "lib").apply { mkdirs() }, name)
            if (!file.isFile || !file.readBytes().contentEquals(bytes)) replace(file, bytes)
            System.setProperty(OVERRIDE, file.absolutePath)
        } catch (e: IOException) {
            // A full or read-only disk: JNA's own way still loads it, and the core says that it could not be measured.
            Logger.getLogger("io.bonafide").warning("The native library could not be unpacked into $storage: $e")
        }
    }

    /** Another process of the app may have the old file mapped: it is replaced, never written over. */
    private fun replace(
        file: File,
        bytes: ByteArray,
    ) {
        val new = Files.createTempFile(file.parentFile.toPath(), file.name, ".new")
        try {
            Files.write(new, bytes)
            Files.move(new, file.toPath(), ATOMIC_MOVE)
        } finally {
            Files.deleteIfExists(new)
        }
    }

    private const val OVERRIDE = "uniffi.component.bonafide.libraryOverride"
}
