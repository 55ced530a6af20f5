package io.bonafide

import io.bonafide.platform.Platform
import java.io.File

/** JNA finds the library among the test's resources. */
internal object HostPlatform : Platform {
    override val kind = Platform.Kind.JVM

    override fun provideLibrary(storage: File) = Unit
}

internal fun NativeProtection.start(settings: Settings) = start(HostPlatform, settings.requestTimeoutMillis) { settings }
