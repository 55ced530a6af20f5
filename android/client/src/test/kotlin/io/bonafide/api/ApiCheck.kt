package io.bonafide.api

import org.junit.jupiter.api.Assertions.assertEquals
import java.nio.file.Path
import kotlin.io.path.createParentDirectories
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** Compares a module's public API with its committed dump; Maven runs tests in the module's folder. */
object ApiCheck {
    fun check(module: String) {
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
}
