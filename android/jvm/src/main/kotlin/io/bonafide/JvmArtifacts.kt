package io.bonafide

import java.io.File
import java.util.jar.JarFile

/** Finds the jars that a desktop program runs from. Folders of classes, as in a development build, are no artifacts. */
internal object JvmArtifacts {
    fun find(
        classPath: String = property("java.class.path"),
        command: String = property("sun.java.command"),
    ): List<File> {
        val jars = LinkedHashSet<File>()
        mainCode(command)?.let { jars += it }
        classPath.split(File.pathSeparatorChar).filter { it.isNotEmpty() }.forEach { addWithItsOwnPath(File(it), jars) }
        return jars.toList()
    }

    /** Where the program's main class came from, which a launcher may have kept off the class path. */
    private fun mainCode(command: String): File? =
        try {
            val name = command.substringBefore(' ')
            val location =
                Class
                    .forName(name, false, Thread.currentThread().contextClassLoader)
                    .protectionDomain
                    ?.codeSource
                    ?.location
            location?.takeIf { it.protocol == "file" }?.let { jarOrNull(File(it.toURI())) }
        } catch (_: Exception) {
            // `java -jar` names a file here; that one is on the class path.
            null
        } catch (_: LinkageError) {
            null
        }

    /** A jar's manifest may put more jars on the class path. */
    private fun addWithItsOwnPath(
        file: File,
        jars: MutableSet<File>,
    ) {
        val jar = jarOrNull(file) ?: return
        if (!jars.add(jar)) return
        val named =
            try {
                JarFile(jar).use { it.manifest?.mainAttributes?.getValue("Class-Path") }
            } catch (_: Exception) {
                // The core measures the file as it is, readable as a jar or not.
                null
            }
        named?.split(' ')?.filter { it.isNotEmpty() && ':' !in it }?.forEach { addWithItsOwnPath(File(jar.parentFile, it), jars) }
    }

    private fun jarOrNull(file: File): File? = file.takeIf { it.isFile }?.canonicalFile

    private fun property(name: String): String =
        try {
            System.getProperty(name).orEmpty()
        } catch (_: SecurityException) {
            ""
        }
}
