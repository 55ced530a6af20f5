package io.bonafide

import io.bonafide.platform.Platform
import java.io.File

/**
 * A protection of its own on a desktop JVM: for tests, and for apps that talk for more accounts than one. [Bonafide] is
 * the default one.
 *
 * Made, it does nothing. [close] ends it for good: what waits then, and what is called after, fails as `not_started`,
 * and a pin check refuses.
 */
public class JvmProtection private constructor(
    private val native: NativeProtection,
) : ManagedProtection by native,
    AutoCloseable by native {
    public constructor() : this(NativeProtection())

    /**
     * Starts, and returns at once: the work is done on a thread of its own, and calls wait for it. While it runs or is
     * at work, a further call changes nothing; after a failure it tries again.
     *
     * What goes wrong is the answer to every call that needs a start, and in [status].
     */
    public fun start(settings: Settings): Unit = native.start(JvmPlatform, settings.requestTimeoutMillis) { settings }
}

/** A desktop has no hardware key, no evidence and no properties of its own. */
private object JvmPlatform : Platform {
    override val kind: Platform.Kind
        get() = Platform.Kind.JVM

    override fun provideLibrary(storage: File) = LibraryFile.provide(storage)

    override fun artifacts(): List<File> = JvmArtifacts.find()
}
