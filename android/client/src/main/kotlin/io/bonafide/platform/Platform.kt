package io.bonafide.platform

import io.bonafide.BonafideException
import java.io.File

/**
 * What the platform gives the core; what is null, the core has an answer of its own for.
 *
 * Everything here is called on threads of Bonafide's own, never on the main thread, and from several at once.
 */
@PlatformApi
public interface Platform {
    /** Where the app runs. */
    public val kind: Kind

    /** The install key; null: a software key in the storage folder. */
    public val installKey: InstallKey?
        get() = null

    /** The platform's statements about app and device; null: none. */
    public val evidence: PlatformEvidence?
        get() = null

    /** System properties; null: none is known. */
    public val properties: SystemProperties?
        get() = null

    /** The network; null: unknown. */
    public val connectivity: Connectivity?
        get() = null

    /**
     * Makes the native library ready for JNA: called in each start before anything native, may block.
     *
     * @param storage the folder of [io.bonafide.Settings.storage].
     * @throws BonafideException `unsupported_environment` where there is none for this process.
     */
    @Throws(BonafideException::class)
    public fun provideLibrary(storage: File)

    /** The files that make up the app, where the settings name none. May block. */
    public fun artifacts(): List<File> = emptyList()

    /** Where an app runs. Complete. */
    public enum class Kind {
        /** Android. */
        ANDROID,

        /** A JVM on a desktop or server. */
        JVM,
    }
}
