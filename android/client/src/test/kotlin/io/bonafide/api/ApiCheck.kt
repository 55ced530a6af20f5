package io.bonafide.api

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import java.io.File
import java.nio.file.Path
import kotlin.io.path.createParentDirectories
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** Compares a module's public API with its committed dump; Maven runs tests in the module's folder. */
object ApiCheck {
    /** What the oldest Kotlin reads that an app may have: `kotlin.language.version` in the parent POM. */
    private val METADATA = listOf(2, 1)

    fun check(module: String) {
        checkMetadata()
        val committed = Path.of("api", "$module.api")
        val actual = ApiDump.of(Path.of("target", "classes"))
        if (System.getProperty("api.update") == "true") committed.createParentDirectories().writeText(actual)
        assertEquals(
            committed.readText(),
            actual,
            "The public API has changed. If that is meant, run `mvn test -Dtest=ApiTest -Dapi.update=true " +
                "-Dsurefire.failIfNoSpecifiedTests=false` in android/, and commit $committed.",
        )
    }

    /** Of every class: one that is newer, and an older compiler refuses the whole artifact. */
    private fun checkMetadata() {
        val classes = File("target/classes")
        val files = classes.walk().filter { it.extension == "class" }
        val names = files.map { it.relativeTo(classes).path.removeSuffix(".class").replace(File.separatorChar, '.') }
        val versions =
            names
                .mapNotNull { name ->
                    val type = Class.forName(name, false, ApiCheck::class.java.classLoader)
                    type.getAnnotation(Metadata::class.java)?.let { name to it.metadataVersion.take(2) }
                }.toMap()
        assertTrue(versions.isNotEmpty()) { "no class in $classes has Kotlin's metadata" }
        assertEquals(emptyMap<String, List<Int>>(), versions.filterValues { it != METADATA })
    }
}
