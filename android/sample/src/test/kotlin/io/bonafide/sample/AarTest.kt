package io.bonafide.sample

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.DataInputStream
import java.io.File
import java.util.zip.ZipFile
import javax.xml.parsers.DocumentBuilderFactory

/** The AAR, as an app's build takes it apart. */
class AarTest {
    private val folder = Built.unpacked("bonafide")
    private val libraries = Built.namesIn(Built.aar).filter { it.startsWith("jni/") }

    @Test
    fun `it holds what an AAR holds, and nothing else`() {
        val expected =
            listOf(
                "AndroidManifest.xml",
                "LICENSE",
                "META-INF/com/android/build/gradle/aar-metadata.properties",
                "R.txt",
                "classes.jar",
                "proguard.txt",
            )
        assertEquals(expected, (Built.namesIn(Built.aar) - libraries.toSet()).sorted())
        // Only one without libraries may lack them, and it says so in its name.
        assertEquals(libraries.isEmpty(), "without-libraries" in Built.aar.name)
        assertTrue(libraries.all { Regex("jni/(arm64-v8a|x86_64)/libbonafide\\.so").matches(it) }, "$libraries")
    }

    @Test
    fun `the manifest asks for two permissions and adds no component`() {
        val root =
            DocumentBuilderFactory
                .newInstance()
                .newDocumentBuilder()
                .parse(File(folder, "AndroidManifest.xml"))
                .documentElement
        val elements = root.getElementsByTagName("*").let { all -> (0 until all.length).map { all.item(it) as org.w3c.dom.Element } }
        assertEquals(listOf("uses-sdk", "uses-permission", "uses-permission"), elements.map { it.tagName })
        assertEquals("24", elements.first().getAttribute("android:minSdkVersion"))
        val permissions = elements.drop(1).map { it.getAttribute("android:name").substringAfterLast('.') }
        assertEquals(listOf("INTERNET", "ACCESS_NETWORK_STATE"), permissions)
    }

    @Test
    fun `every class is Java 8's, and every Kotlin class is of the language version that we promise`() {
        val jars =
            listOf(File(folder, "classes.jar")) + listOf("bonafide-client", "bonafide-native", "bonafide-okhttp").map { Built.jar(it) }
        var kotlin = 0
        for (jar in jars) {
            ZipFile(jar).use { zip ->
                for (name in Built.classesIn(jar)) {
                    val entry = zip.getEntry(name.replace('.', '/') + ".class")
                    val major = DataInputStream(zip.getInputStream(entry)).use { it.skipBytes(6).let { _ -> it.readUnsignedShort() } }
                    assertEquals(JAVA_8, major, name)
                    val metadata = Class.forName(name, false, javaClass.classLoader).getAnnotation(Metadata::class.java) ?: continue
                    assertEquals(listOf(2, 1), metadata.metadataVersion.take(2), name)
                    kotlin++
                }
            }
        }
        assertTrue(kotlin > 100, "$kotlin Kotlin classes were looked at")
    }

    @Test
    fun `what an app gets holds JNA as an aar only, and brings no OkHttp of ours`() {
        val graph =
            File(Built.work, "graph.txt")
                .readLines()
                .map { it.trim().substringBefore(" -- ").split(':') }
                .filter { it.size == COORDINATES }
        assertTrue(graph.any { it[1] == "bonafide-native" }, "$graph")
        assertEquals(listOf("aar"), graph.filter { it[1] == "jna" }.map { it[2] })
        assertFalse(graph.any { it[0] == "com.squareup.okhttp3" }, "$graph")
        assertEquals(graph.map { it.take(2) }.distinct(), graph.map { it.take(2) })
    }

    @Test
    fun `the metadata is what Google's plugin reads, and names the oldest tools`() {
        val lines = File(folder, "META-INF/com/android/build/gradle/aar-metadata.properties").readLines()
        val expected =
            mapOf(
                "aarFormatVersion" to "1.0",
                "aarMetadataVersion" to "1.0",
                "minCompileSdk" to "24",
                "minCompileSdkExtension" to "0",
                "minAndroidGradlePluginVersion" to "8.0.0",
                "coreLibraryDesugaringEnabled" to "false",
            )
        assertEquals(expected, lines.associate { it.substringBefore('=') to it.substringAfter('=') })
        assertTrue("| Android Gradle plugin | 8.0 |" in File("../../docs/android.md").readText())
    }

    @Test
    fun `no resource is claimed, and no backup rule, which would take the place of the app's`() {
        assertEquals("", File(folder, "R.txt").readText())
        assertFalse("<application" in File(folder, "AndroidManifest.xml").readText())
        assertTrue(Built.namesIn(Built.aar).none { it.startsWith("res/") })
    }

    @Test
    fun `its rules keep names of ours and JNA's, and change nothing of how the app is shrunk`() {
        val rules = File(folder, "proguard.txt").readLines()
        val options =
            rules
                .filter { it.startsWith("-") }
                .map { it.substringBefore(' ').substringBefore(',') }
                .toSet()
        assertEquals(setOf("-keep", "-keepattributes", "-keepclasseswithmembernames", "-dontwarn"), options)
        val kept = rules.filter { it.startsWith("-keep class ") }.map { it.split(' ')[2] }
        assertTrue(kept.size >= 5, "$kept")
        for (name in kept) {
            assertTrue(name == "*" || name.startsWith("com.sun.jna.") || name.startsWith("org.rustls.platformverifier."), name)
        }
    }

    @Test
    fun `the sources are those that it was compiled from`() {
        val jar = File("../sdk/target").listFiles { file -> file.name.endsWith("-sources.jar") }!!.single()
        val root = File("../sdk/src/main/kotlin")
        val written = root.walk().filter { it.isFile }.map { it.relativeTo(root).path }
        assertEquals(written.sorted().toList(), Built.namesIn(jar).filter { it.endsWith(".kt") }.sorted())
    }

    private companion object {
        const val JAVA_8 = 52
        const val COORDINATES = 5
    }
}
