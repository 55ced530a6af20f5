package io.bonafide.sample

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.util.zip.ZipEntry
import java.util.zip.ZipFile

/** The signed APK. */
class ApkTest {
    @Test
    fun `it is signed, in the schemes that the oldest Android reads`() {
        val log = File(Built.work, "apksigner.log").readText()
        assertTrue("Verified using v2 scheme (APK Signature Scheme v2): true" in log, log)
    }

    @Test
    fun `libraries are stored as they are, for both CPUs`() {
        val stored =
            ZipFile(Built.apk).use { zip ->
                zip
                    .entries()
                    .asSequence()
                    .filter { it.name.startsWith("lib/") && !it.isDirectory }
                    .associate { it.name to (it.method == ZipEntry.STORED) }
            }
        val core = if (File(Built.unpacked("bonafide"), "jni").exists()) listOf("libbonafide.so") else emptyList()
        val expected = listOf("arm64-v8a", "x86_64").flatMap { abi -> (core + "libjnidispatch.so").map { "lib/$abi/$it" } }
        assertEquals(expected.associateWith { true }, stored)
    }

    @Test
    fun `the app is in it, and the facade that it calls`() {
        val dex = Dex(Built.apk)
        assertTrue(dex.has("io.bonafide.sample.SampleApp") && dex.has("io.bonafide.sample.LoginActivity"))
        // Renamed or merged, but what it calls at its far end is there.
        assertTrue(dex.has("io.bonafide.internal.PlatformTrust"))
    }

    @Test
    fun `JNA's half for desktops is gone`() {
        val dex = Dex(Built.apk)
        assertTrue(dex.has("com.sun.jna.Native"))
        assertTrue(!dex.has("com.sun.jna.win32.W32APIOptions"))
    }
}
