package io.bonafide.sample

import org.jf.dexlib2.DexFileFactory
import org.jf.dexlib2.Opcodes
import org.jf.dexlib2.iface.ClassDef
import java.io.File

/** The classes of a dex file or an APK, under the names that they have after shrinking. */
internal class Dex(
    file: File,
) {
    private val classes: Map<String, ClassDef> =
        DexFileFactory.loadDexFile(file, Opcodes.forApi(24)).classes.associateBy { it.type.drop(1).dropLast(1).replace('/', '.') }

    fun has(type: String) = type in classes

    fun fieldsOf(type: String): Set<String> = classes[type]?.fields?.map { it.name }?.toSet().orEmpty()

    fun methodsOf(type: String): Set<String> = classes[type]?.methods?.map { it.name }?.toSet().orEmpty()

    fun nativeMethodsOf(type: String): Set<String> =
        classes[type]
            ?.methods
            ?.filter { it.accessFlags and ACC_NATIVE != 0 }
            ?.map { it.name }
            ?.toSet()
            .orEmpty()

    /** Every class that has functions in a library, with their names. */
    fun natives(): Map<String, Set<String>> = classes.keys.associateWith { nativeMethodsOf(it) }.filterValues { it.isNotEmpty() }

    fun annotationsOf(type: String): Set<String> = classes[type]?.annotations?.map { it.type }?.toSet().orEmpty()

    private companion object {
        const val ACC_NATIVE = 0x100
    }
}
