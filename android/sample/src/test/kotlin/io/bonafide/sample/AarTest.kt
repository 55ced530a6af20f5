package io.bonafide.sample

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
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
    fun `the metadata names the oldest tools`() {
        val lines = File(folder, "META-INF/com/android/build/gradle/aar-metadata.properties").readLines()
        assertNotNull(lines.find { it == "minCompileSdk=24" })
        assertNotNull(lines.find { it.startsWith("minAndroidGradlePluginVersion=") })
    }

    private companion object {
        const val JAVA_8 = 52
        const val COORDINATES = 5
    }
}
