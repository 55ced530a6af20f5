package io.bonafide.android

import android.content.Context
import android.os.Build
import io.bonafide.BonafideException
import io.bonafide.StatusCode
import io.bonafide.internal.PlatformTrust

/** Makes the core's library ready; tests, which run on a desktop's library, have nothing to make ready. */
internal fun interface NativeLibrary {
    /**
     * May block; again is free.
     *
     * @throws BonafideException `unsupported_environment` where the app has no library for this CPU.
     */
    fun provide(context: Context)

    /** Loaded by the system: JNA would not call its `JNI_OnLoad`, and TLS needs what that sets up. */
    object OfTheApp : NativeLibrary {
        private const val NAME = "bonafide"

        override fun provide(context: Context) {
            try {
                System.loadLibrary(NAME)
                // Where this fails, the library logs why, and calls to a service with a public certificate say so.
                PlatformTrust.initialise(context)
            } catch (e: UnsatisfiedLinkError) {
                val file = System.mapLibraryName(NAME)
                val facts = mapOf("library" to file, "abis" to Build.SUPPORTED_ABIS.joinToString(" "))
                val detail = "The app holds no library that this device loads: look for lib/ABI/$file in its APKs."
                throw BonafideException(StatusCode.UNSUPPORTED_ENVIRONMENT, facts, detail, e)
            }
        }
    }
}
