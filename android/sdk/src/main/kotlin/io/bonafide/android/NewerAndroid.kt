package io.bonafide.android

/**
 * Holds what the oldest Android that we run on lacks; called only after a look at the version. The build checks every
 * other line against that oldest one.
 *
 * @property api the API level from which on it may be called.
 */
@Retention(AnnotationRetention.BINARY)
@Target(AnnotationTarget.FUNCTION, AnnotationTarget.CLASS)
internal annotation class NewerAndroid(
    val api: Int,
)
