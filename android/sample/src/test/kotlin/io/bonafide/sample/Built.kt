package io.bonafide.sample

import java.io.File
import java.util.zip.ZipFile

/** What the build of this module and of the AAR made; tests run in the module's folder, after packaging. */
internal object Built {
    val work = File("target")
    val aar: File = File("../sdk/target").listFiles { file -> file.extension == "aar" }!!.single()
    val apk = File(work, "sample.apk")

    fun unpacked(aar: String) = File(work, "unpacked/$aar")

    fun jar(prefix: String): File = File(work, "jars").listFiles { file -> file.name.startsWith(prefix) }!!.single()

    fun namesIn(archive: File): List<String> =
        ZipFile(archive).use { zip ->
            zip
                .entries()
                .asSequence()
                .filterNot { it.isDirectory }
                .map { it.name }
                .toList()
        }

    fun classesIn(archive: File): List<String> =
        namesIn(archive)
            .filter { it.endsWith(".class") && !it.startsWith("META-INF/") && !it.endsWith("module-info.class") }
            .map { it.removeSuffix(".class").replace('/', '.') }
}
