package io.bonafide.instrumented

import org.jf.dexlib2.Opcodes
import org.jf.dexlib2.dexbacked.DexBackedDexFile
import org.jf.dexlib2.iface.ClassDef
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import java.util.zip.ZipFile

/** The list of cases, against what the APK holds and what the JVM runs. */
class CasesTest {
    private val apk = ZipFile(File("target/instrumented.apk"))
    private val cases = Cases.listed(apk.getInputStream(apk.getEntry("assets/${Cases.FILE}")).bufferedReader().use { it.readText() })
    private val classes: List<ClassDef> =
        apk
            .entries()
            .asSequence()
            .filter { Regex("classes\\d*\\.dex").matches(it.name) }
            .flatMap { DexBackedDexFile(Opcodes.forApi(24), apk.getInputStream(it).use { dex -> dex.readBytes() }).classes }
            .toList()

    private fun name(descriptor: String) = descriptor.drop(1).dropLast(1).replace('/', '.')

    @Test
    fun `what the APK holds is what the list says`() {
        val held =
            classes.filter { it.type.startsWith("Lio/bonafide/instrumented/") }.flatMap { type ->
                type.methods
                    .filter { method -> method.annotations.any { it.type == "Lorg/junit/Test;" } }
                    .map { name(type.type).substringAfterLast('.') + "." + it.name }
            }
        assertEquals(held.sorted(), cases.map { it.name }.sorted())
        assertEquals(cases.map { it.name }.distinct(), cases.map { it.name })
    }

    @Test
    fun `each test on the JVM that a case names is there`() {
        val named = cases.mapNotNull { it.counterpart }
        assertTrue("$named", named.size >= 4)
        for (counterpart in named) {
            val (type, test) = counterpart.split(": ", limit = 2)
            val source = listOf("sdk", "okhttp").flatMap { File("../$it/src/test/kotlin").walk() }.single { it.name == "$type.kt" }
            assertTrue("$type has no test: $test", "fun `$test`" in source.readText())
        }
    }

    @Test
    fun `what Android makes by its name is in it, and so are libraries and config`() {
        val types = classes.map { name(it.type).substringAfterLast('.') }.toSet()
        val manifest = File("src/main/android/AndroidManifest.xml").readText()
        val named = Regex("<(?:application|provider|receiver|instrumentation) android:name=\"\\.(\\w+)\"")
        val made = named.findAll(manifest).map { it.groupValues[1] }.toList()
        assertEquals(listOf("CaseApp", "SecondProcess", "LockedBoot", "CaseRunner"), made)
        assertTrue("$types", types.containsAll(made))
        val entries = apk.entries().asSequence().map { it.name }.toSet()
        assertTrue("$entries", "assets/bonafide.config" in entries && "lib/x86_64/libjnidispatch.so" in entries)
        val libraries = File("target/unpacked/bonafide/jni").exists()
        assertEquals(libraries, "lib/x86_64/libbonafide.so" in entries)
    }

    @Test
    fun `no class is there twice`() {
        val types = classes.map { it.type }
        assertEquals(types.distinct().size, types.size)
        assertTrue("Lokhttp3/OkHttpClient;" in types && "Lmockwebserver3/MockWebServer;" in types && "Lcom/sun/jna/Native;" in types)
    }
}
