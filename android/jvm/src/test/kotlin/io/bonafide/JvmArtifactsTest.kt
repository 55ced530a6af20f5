package io.bonafide

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.jar.Attributes
import java.util.jar.JarOutputStream
import java.util.jar.Manifest

class JvmArtifactsTest {
    @TempDir
    lateinit var folder: File

    private fun jar(
        name: String,
        classPath: String? = null,
    ): File {
        val manifest = Manifest()
        manifest.mainAttributes[Attributes.Name.MANIFEST_VERSION] = "1.0"
        classPath?.let { manifest.mainAttributes[Attributes.Name.CLASS_PATH] = it }
        return File(folder, name).canonicalFile.also { file -> JarOutputStream(file.outputStream(), manifest).close() }
    }

    @Test
    fun `every jar of the class path counts once, folders and missing ones do not`() {
        val (app, library) = jar("app.jar") to jar("library.jar")
        val path = listOf(app, File(folder, "classes"), folder, library, app, File(folder, "missing.jar")).joinToString(File.pathSeparator)
        assertEquals(listOf(app, library), JvmArtifacts.find(path, "app.jar --option"))
    }

    @Test
    fun `a jar's manifest may name more, in circles too`() {
        val app = jar("app.jar", "library.jar missing.jar")
        val library = jar("library.jar", "app.jar")
        assertEquals(listOf(app, library), JvmArtifacts.find(app.path, ""))
    }

    @Test
    fun `the jar of the main class counts, wherever it was loaded from`() {
        val found = JvmArtifacts.find("", "org.junit.jupiter.api.Test")
        assertEquals(1, found.size)
        assertEquals(true, found.single().name.startsWith("junit-jupiter-api"))
    }

    @Test
    fun `a jar that is no jar is still a file that is measured`() {
        val odd = File(folder, "odd.jar").canonicalFile.apply { writeText("not a jar") }
        assertEquals(listOf(odd), JvmArtifacts.find(odd.path, ""))
    }
}
