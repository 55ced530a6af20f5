package io.bonafide.platform

/**
 * Marks what only the facades of platforms use: `bonafide-android`, `bonafide-jvm`. An app has no need of it, and it
 * may change in any version.
 */
@RequiresOptIn("This is for Bonafide's own facades, and may change in any version.", RequiresOptIn.Level.ERROR)
@MustBeDocumented
@Retention(AnnotationRetention.BINARY)
@Target(AnnotationTarget.CLASS, AnnotationTarget.FUNCTION, AnnotationTarget.CONSTRUCTOR, AnnotationTarget.PROPERTY)
public annotation class PlatformApi
