package io.bonafide.sample

import io.bonafide.consumer.ConsumerActivity
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** android/consumer, as far as it can be held without Gradle: its source is compiled with these tests. */
class ConsumerTest {
    private val build = File("../consumer/build.gradle.kts").readText()
    private val parent = File("../pom.xml").readText()
    private val bom = File("../bom/pom.xml").readText()
    private val version = Regex("<artifactId>bonafide-bom</artifactId>\\s*<version>([^<]+)").find(bom)!!.groupValues[1]

    private fun inBuild(pattern: String) = Regex(pattern).find(build)!!.groupValues[1]

    private fun inParent(property: String) = Regex("<$property>([^<]+)").find(parent)!!.groupValues[1]

    private fun numbers(version: String) = version.split('.').map { it.toInt() }

    private infix fun String.isAtLeast(oldest: String): Boolean {
        val pairs = numbers(this).zip(numbers(oldest))
        return pairs.firstOrNull { (a, b) -> a != b }?.let { (a, b) -> a > b } ?: true
    }

    @Test
    fun `it asks for what the BOM holds, in its version`() {
        assertEquals(version, inBuild("\"io\\.bonafide:bonafide-bom:([^\"]+)\""))
        assertEquals(version, inParent("version"))
        val asked = Regex("\"io\\.bonafide:(bonafide-[a-z-]+)\"").findAll(build).map { it.groupValues[1] }.toList()
        assertEquals(listOf("bonafide-android", "bonafide-okhttp", "bonafide-testing"), asked)
        for (artifact in asked) assertTrue("<artifactId>$artifact</artifactId>" in bom, artifact)
        // What Maven resolves is the same.
        val maven = File("../consumer/pom.xml").readText()
        assertTrue(asked.all { "<artifactId>$it</artifactId>" in maven } && "<version>$version</version><type>pom</type>" in maven)
        assertTrue("<version>${inParent("jna.version")}</version>" in maven)
    }

    @Test
    fun `its OkHttp, Android and tools are those that we promise to work with`() {
        assertEquals(inParent("okhttp.version"), inBuild("\"com\\.squareup\\.okhttp3:okhttp:([^\"]+)\""))
        val manifest = File("../sdk/src/main/aar/AndroidManifest.xml").readText()
        assertEquals(Regex("minSdkVersion=\"(\\d+)\"").find(manifest)!!.groupValues[1], inBuild("minSdk = (\\d+)"))
        val metadata = File(Built.unpacked("bonafide"), "META-INF/com/android/build/gradle/aar-metadata.properties").readText()
        val plugin = inBuild("\"com\\.android\\.application\"\\) version \"([^\"]+)\"")
        assertTrue(plugin isAtLeast Regex("minAndroidGradlePluginVersion=(.+)").find(metadata)!!.groupValues[1], plugin)
        val kotlin = inBuild("\"org\\.jetbrains\\.kotlin\\.android\"\\) version \"([^\"]+)\"")
        assertTrue(kotlin isAtLeast inParent("kotlin.language.version"), kotlin)
        assertTrue("isMinifyEnabled = true" in build && "fullMode=false" !in File("../consumer/gradle.properties").readText())
    }

    @Test
    fun `its source is compiled`() {
        val manifest = File("../consumer/src/main/AndroidManifest.xml").readText()
        assertTrue("<activity android:name=\".${ConsumerActivity::class.simpleName}\"" in manifest, manifest)
    }
}
