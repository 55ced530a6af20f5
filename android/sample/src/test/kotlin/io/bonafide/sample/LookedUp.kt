package io.bonafide.sample

import com.sun.jna.Callback
import com.sun.jna.Structure
import java.io.File
import java.lang.reflect.Modifier

/** Every name that native code, or JNA by reflection, looks up. Read from what does the looking up, as far as it can be. */
internal object LookedUp {
    private const val JNA = "com.sun.jna."
    private const val GENERATED = "io.bonafide.internal.generated"
    private const val TRUST = "io.bonafide.internal.PlatformTrust"
    private val generated: List<Class<*>> =
        Built.classesIn(Built.jar("bonafide-native")).map { Class.forName(it, false, LookedUp::class.java.classLoader) }

    /** The names that [dex] lacks. */
    fun missingFrom(dex: Dex): List<String> =
        jnaClasses().filterNot { dex.has(it) } +
            jnaNativeMethods().filterNot { it in dex.methodsOf(JNA + "Native") }.map { "$JNA" + "Native.$it" } +
            structures().flatMap { missingFrom(dex, it) } +
            generated.filter { it.isInterface && Callback::class.java.isAssignableFrom(it) }.flatMap { callback ->
                val methods = dex.methodsOf(callback.name)
                callback.declaredMethods.map { it.name }.filterNot { it in methods }.map { "${callback.name}.$it" }
            } +
            wrongFunctions(dex) +
            CALLED_BY_THE_CORE.filterNot { (type, member) -> member in dex.fieldsOf(type) + dex.methodsOf(type) }.map { "$it" }

    private val CALLED_BY_THE_CORE =
        listOf(
            "org.rustls.platformverifier.CertificateVerifier" to "verifyCertificateChain",
            "org.rustls.platformverifier.VerificationResult" to "code",
            "org.rustls.platformverifier.VerificationResult" to "message",
            TRUST to "initialise",
        )

    /** The classes that JNA's native half names, as far as JNA has them on Android. */
    private fun jnaClasses(): List<String> {
        val known = Built.classesIn(File(Built.unpacked("jna"), "classes.jar")).toSet()
        return named(Regex("com/sun/jna/[A-Za-z0-9_/$]+")).map { it.replace('/', '.') }.filter { it in known }
    }

    /** The functions that it has for native methods, by JNI's rules for names. */
    private fun jnaNativeMethods(): List<String> =
        named(Regex("Java_com_sun_jna_Native_[A-Za-z0-9]+")).map { it.substringAfterLast('_') }.filter { it in NATIVE }

    private val NATIVE =
        Class
            .forName(JNA + "Native")
            .declaredMethods
            .filter { Modifier.isNative(it.modifiers) }
            .map { it.name }
            .toSet()

    private fun named(pattern: Regex): List<String> {
        val text = File(Built.unpacked("jna"), "jni/arm64-v8a/libjnidispatch.so").readText(Charsets.ISO_8859_1)
        return pattern.findAll(text).map { it.value }.distinct().toList()
    }

    private fun structures() = generated.filter { Structure::class.java.isAssignableFrom(it) }

    private fun missingFrom(
        dex: Dex,
        structure: Class<*>,
    ): List<String> {
        val order = structure.getDeclaredAnnotation(Structure.FieldOrder::class.java)
        val fields = dex.fieldsOf(structure.name)
        val missing = order?.value.orEmpty().filterNot { it in fields } + listOf("<init>").filterNot { it in dex.methodsOf(structure.name) }
        val unordered = order != null && "Lcom/sun/jna/Structure\$FieldOrder;" !in dex.annotationsOf(structure.name)
        return (missing + listOfNotNull("the order of its fields".takeIf { unordered })).map { "${structure.name}: $it" }
    }

    private val libraries: Map<String, Set<String>> =
        generated
            .associate { type -> type.name to type.declaredMethods.filter { Modifier.isNative(it.modifiers) }.map { it.name }.toSet() }
            .filterValues { it.isNotEmpty() }

    /** What is not called may go, but not all of it; what is left has to have its name, and its class's. */
    private fun wrongFunctions(dex: Dex): List<String> {
        val left = dex.natives().filterKeys { !it.startsWith(JNA) && it != TRUST }
        val renamed = left.flatMap { (type, names) -> (names - libraries[type].orEmpty()).map { "a function became $type.$it" } }
        return renamed + listOf("$GENERATED.UniffiLib").filterNot { it in left }.map { "$it: all its functions" }
    }

    /** How much is looked for at all, so that a test that looks for nothing is noticed. */
    fun sizes(): Map<String, Int> =
        mapOf(
            "classes of JNA" to jnaClasses().size,
            "functions of JNA" to jnaNativeMethods().size,
            "structures" to structures().size,
            "libraries" to libraries.size,
        )
}
