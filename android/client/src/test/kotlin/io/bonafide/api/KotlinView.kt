package io.bonafide.api

import java.lang.reflect.Constructor
import java.lang.reflect.Field
import java.lang.reflect.Member
import java.lang.reflect.Method
import kotlin.metadata.KmClassifier
import kotlin.metadata.KmConstructor
import kotlin.metadata.KmFunction
import kotlin.metadata.KmProperty
import kotlin.metadata.KmType
import kotlin.metadata.KmValueParameter
import kotlin.metadata.Visibility
import kotlin.metadata.declaresDefaultValue
import kotlin.metadata.isNullable
import kotlin.metadata.isSuspend
import kotlin.metadata.isVar
import kotlin.metadata.jvm.KotlinClassMetadata
import kotlin.metadata.jvm.fieldSignature
import kotlin.metadata.jvm.getterSignature
import kotlin.metadata.jvm.setterSignature
import kotlin.metadata.jvm.signature
import kotlin.metadata.visibility

/** What the Kotlin metadata of a class says beyond its bytecode. */
internal class KotlinView private constructor(
    private val typeIsHidden: Boolean,
    val isFile: Boolean,
    functions: List<KmFunction>,
    properties: List<KmProperty>,
    constructors: List<KmConstructor>,
) {
    private val hidden: Set<String> =
        (
            functions.filterNot { it.visibility.shown }.map { it.signature } +
                constructors.filterNot { it.visibility.shown }.map { it.signature } +
                properties.filterNot { it.visibility.shown }.flatMap { listOf(it.getterSignature, it.setterSignature, it.fieldSignature) } +
                properties.filterNot { it.setter?.visibility?.shown ?: true }.map { it.setterSignature }
        ).mapNotNull { it?.toString() }.toSet()

    val isHidden: Boolean get() = typeIsHidden

    /** The declarations as Kotlin has them. */
    val lines: List<String> =
        (
            functions.filter { it.visibility.shown }.map { render(it) } +
                properties.filter { it.visibility.shown }.map { "${if (it.isVar) "var" else "val"} ${it.name}: ${render(it.returnType)}" } +
                constructors.filter { it.visibility.shown }.map { "constructor${render(it.valueParameters)}" }
        ).map { "  kotlin $it" }.sorted()

    fun hides(member: Member): Boolean =
        when (member) {
            is Method -> member.name + descriptor(member.parameterTypes, member.returnType) in hidden
            is Constructor<*> -> "<init>" + descriptor(member.parameterTypes, Void.TYPE) in hidden
            is Field -> "${member.name}:${member.type.descriptorString()}" in hidden
            else -> false
        }

    companion object {
        fun of(type: Class<*>): KotlinView =
            when (val data = type.getAnnotation(Metadata::class.java)?.let { KotlinClassMetadata.readLenient(it) }) {
                null -> KotlinView(typeIsHidden = false, isFile = false, emptyList(), emptyList(), emptyList())
                is KotlinClassMetadata.Class ->
                    data.kmClass.run { KotlinView(!visibility.shown, isFile = false, functions, properties, constructors) }
                is KotlinClassMetadata.FileFacade ->
                    data.kmPackage.run { KotlinView(typeIsHidden = false, isFile = true, functions, properties, emptyList()) }
                else -> KotlinView(typeIsHidden = true, isFile = false, emptyList(), emptyList(), emptyList())
            }
    }
}

private val Visibility.shown get() = this == Visibility.PUBLIC || this == Visibility.PROTECTED

private fun descriptor(
    parameters: Array<Class<*>>,
    result: Class<*>,
) = parameters.joinToString("", "(", ")") { it.descriptorString() } + result.descriptorString()

private fun render(function: KmFunction): String =
    (if (function.isSuspend) "suspend fun " else "fun ") +
        (function.receiverParameterType?.let { render(it) + "." } ?: "") +
        function.name + render(function.valueParameters) + ": " + render(function.returnType)

private fun render(parameters: List<KmValueParameter>): String =
    parameters.joinToString(", ", "(", ")") { "${it.name}: ${render(it.type)}" + if (it.declaresDefaultValue) " = ..." else "" }

private fun render(type: KmType): String {
    val name =
        when (val classifier = type.classifier) {
            is KmClassifier.Class -> classifier.name.replace('/', '.')
            is KmClassifier.TypeAlias -> classifier.name.replace('/', '.')
            is KmClassifier.TypeParameter -> "T${classifier.id}"
        }
    val arguments = type.arguments.joinToString(", ") { it.type?.let(::render) ?: "*" }
    return name + (if (arguments.isEmpty()) "" else "<$arguments>") + if (type.isNullable) "?" else ""
}
