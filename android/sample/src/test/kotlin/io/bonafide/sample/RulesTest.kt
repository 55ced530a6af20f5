package io.bonafide.sample

import com.android.tools.r8.ArchiveClassFileProvider
import com.android.tools.r8.JdkClassFileProvider
import com.android.tools.r8.OutputMode
import com.android.tools.r8.R8
import com.android.tools.r8.R8Command
import com.android.tools.r8.origin.Origin
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.nio.file.Files

/** The rules that the AAR gives an app: enough, and none too many. */
class RulesTest {
    private val rules = statements(File(Built.unpacked("bonafide"), "proguard.txt").readText())
    private val keeping = rules.filter { it.startsWith("-keep") }

    @Test
    fun `after shrinking every name that is looked up is still there`() {
        assertEquals(emptyList<String>(), LookedUp.missingFrom(Dex(Built.apk)))
    }

    @Test
    fun `names are looked for at all`() {
        val sizes = LookedUp.sizes()
        assertTrue(sizes.values.all { it > 0 } && sizes.getValue("classes of JNA") > 5 && sizes.getValue("structures") > 10, "$sizes")
    }

    @Test
    fun `control - with all rules the shorter way of shrinking keeps every name too`() {
        assertEquals(emptyList<String>(), LookedUp.missingFrom(shrunk(rules)))
    }

    @TestFactory
    fun `without this rule something is missing`(): List<DynamicTest> =
        keeping.map { rule ->
            DynamicTest.dynamicTest(rule.lineSequence().first()) {
                assertTrue(LookedUp.missingFrom(shrunk(rules - rule)).isNotEmpty(), "nothing is missed without $rule")
            }
        }

    /**
     * Our code and JNA's only, Kotlin's and OkHttp's as they are, nothing optimised, and of Android what an app of this kind
     * sees: seconds instead of a minute. The APK itself is shrunk in full.
     */
    private fun shrunk(rules: List<String>): Dex {
        val out = Files.createTempDirectory(Built.work.toPath(), "shrunk")
        val ours =
            listOf(
                Built.jar("bonafide-client"),
                Built.jar("bonafide-native"),
                Built.jar("bonafide-okhttp"),
                File(Built.unpacked("bonafide"), "classes.jar"),
                File(Built.unpacked("jna"), "classes.jar"),
                Built.work.listFiles { file -> CLASSES.matches(file.name) }!!.single(),
            )
        val others =
            listOf(
                Built.jar("annotations"),
                Built.jar("kotlin-stdlib"),
                Built.jar("kotlinx-coroutines"),
                Built.jar("okio"),
                File(Built.unpacked("okhttp"), "classes.jar"),
            )
        R8.run(
            R8Command
                .builder(Silent)
                .addProgramFiles(ours.map { it.toPath() })
                .addClasspathFiles(others.map { it.toPath() })
                .addLibraryResourceProvider(Partial(ArchiveClassFileProvider(File(System.getProperty("android.jar")).toPath())))
                .addLibraryResourceProvider(Partial(JdkClassFileProvider.fromSystemJdk()))
                .addProguardConfiguration(rules + SHORTER, Origin.unknown())
                .addProguardConfigurationFiles(File("src/main/android/app.pro").toPath())
                .setMinApiLevel(24)
                .setOutput(out, OutputMode.DexIndexed)
                .build(),
        )
        return Dex(File(out.toFile(), "classes.dex"))
    }

    private fun statements(text: String): List<String> =
        text
            .lineSequence()
            .filterNot { it.startsWith("#") || it.isBlank() }
            .joinToString("\n")
            .split(Regex("\n(?=-)"))

    private companion object {
        val SHORTER = listOf("-dontoptimize", "-ignorewarnings")
    }
}

/** Of a release, which has its sources beside. */
private val CLASSES = Regex("bonafide-sample-[0-9.]+\\.jar")
