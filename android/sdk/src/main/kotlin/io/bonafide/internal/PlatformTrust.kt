package io.bonafide.internal

import android.content.Context

/** The native side's way to the platform's trust decision; class and function are found by their names. */
internal object PlatformTrust {
    /**
     * Hands the native side what it needs to call [org.rustls.platformverifier.CertificateVerifier]. After
     * `System.loadLibrary`, before the core starts; again is harmless.
     *
     * @param context the application's.
     * @return whether that went well.
     */
    @JvmStatic
    external fun initialise(context: Context): Boolean
}
