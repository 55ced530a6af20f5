package io.bonafide.android

import android.os.Build
import io.bonafide.BonafideException
import io.bonafide.StatusCode

/** The core's library, loaded by the system: JNA would not call its `JNI_OnLoad`, and TLS needs what that sets up. */
internal object NativeLibrary {
    private const val NAME = "bonafide"

    /**
     * Loads it once; again is free.
     *
     * @throws BonafideException `unsupported_environment` where the app has none for this CPU.
     */
    fun load(load: (String) -> Unit) {
        try {
            load(NAME)
        } catch (e: UnsatisfiedLinkError) {
            val facts = mapOf("library" to System.mapLibraryName(NAME), "abis" to Build.SUPPORTED_ABIS.joinToString(" "))
            val detail = "The app holds no library that this device loads: look for lib/ABI/${System.mapLibraryName(NAME)} in the APKs."
            throw BonafideException(StatusCode.UNSUPPORTED_ENVIRONMENT, facts, detail, e)
        }
    }
}
