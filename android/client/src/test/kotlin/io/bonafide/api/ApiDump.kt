package io.bonafide.api

import java.lang.reflect.Executable
import java.lang.reflect.Member
import java.lang.reflect.Modifier
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.invariantSeparatorsPathString
import kotlin.io.path.relativeTo
import kotlin.streams.asSequence

/**
 * Renders the public API of compiled classes, for a comparison with the file that is committed.
 *
 * Each class is shown as Java sees it, which is what binary compatibility hangs on, and after that as Kotlin sees it,
 * with nullability and `suspend`. What is `internal` in Kotlin is public in the class file; the metadata tells them
 * apart.
 */
object ApiDump {
    fun of(classesFolder: Path): String =
        Files
            .walk(classesFolder)
            .use { files -> files.asSequence().filter { it.extension == "class" }.map { nameOf(it, classesFolder) }.toList() }
            .sorted()
            .map { Class.forName(it, false, Thread.currentThread().contextClassLoader) }
            .mapNotNull { render(it) }
            .joinToString("\n")

    private fun nameOf(
        file: Path,
        folder: Path,
    ) = file.relativeTo(folder).invariantSeparatorsPathString.removeSuffix(".class").replace('/', '.')

    private fun render(type: Class<*>): String? {
        if (!isVisible(type.modifiers) || type.isSynthetic || type.isAnonymousClass) return null
        if (generateSequence(type.declaringClass) { it.declaringClass }.any { KotlinView.of(it).isHidden }) return null
        val kotlin = KotlinView.of(type)
        if (kotlin.isHidden) return null
        val members: List<Member> = type.declaredConstructors.toList() + type.declaredMethods + type.declaredFields
        val java =
            members
                .filter { isVisible(it.modifiers) && !it.isSynthetic && !kotlin.hides(it) }
                .map { "  " + if (it is Executable) it.toGenericString() else (it as java.lang.reflect.Field).toGenericString() }
                .sorted()
        if (java.isEmpty() && kotlin.isFile) return null
        val parents = (listOfNotNull(type.genericSuperclass) + type.genericInterfaces).joinToString { it.typeName }
        return (listOf("${type.toGenericString()} : $parents {") + java + kotlin.lines + "}").joinToString("\n", postfix = "\n")
    }

    private fun isVisible(modifiers: Int) = Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers)
}
