package io.bonafide

import android.content.Context
import io.bonafide.android.AndroidLaunch
import io.bonafide.android.NativeLibrary

/**
 * A protection of its own: for tests, and for apps that talk for more accounts than one. [Bonafide] is the default one.
 *
 * Made, it does nothing. [close] ends it for good: what waits then, and what is called after, fails as `not_started`,
 * and a pin check refuses.
 */
public class AndroidProtection internal constructor(
    private val native: NativeProtection,
    private val library: NativeLibrary,
) : ManagedProtection by native,
    AutoCloseable by native {
    public constructor() : this(NativeProtection(), NativeLibrary.OfTheApp)

    /**
     * Starts, and returns at once, on the main thread too: files, the package manager and the key store are asked on a
     * thread of Bonafide's own, and calls wait for it. While it runs or is at work, a further call changes nothing; after
     * a failure it tries again.
     *
     * Call it in `Application.onCreate`, in each process that makes protected requests; it works before the first unlock
     * (direct boot). What goes wrong is the answer to every call that needs a start, and in [status]; it never ends the
     * app.
     *
     * @param context any of the app's.
     */
    @JvmOverloads
    public fun start(
        context: Context,
        options: StartOptions = StartOptions(),
    ) {
        // An application's own is null while it is being attached.
        val launch = AndroidLaunch(context.applicationContext ?: context, options, library, native::tryAgain)
        native.start(launch.platform, options.requestTimeoutMillis, launch::settings)
    }
}
