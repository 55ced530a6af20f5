package io.bonafide

import android.content.Context

/**
 * The default protection of an app: `Bonafide.start(context)` once at launch, then
 * `OkHttpClient.Builder().protectedBy(Bonafide)`. From Java: `Bonafide.start(context)`, and `Bonafide.INSTANCE` where
 * the protection itself is wanted.
 *
 * It only holds an ordinary [AndroidProtection]; nothing else is static. An app that talks for two accounts, and a test,
 * make their own.
 */
public object Bonafide : ManagedProtection by theDefault {
    /** [AndroidProtection.start] of the default protection. */
    @JvmStatic
    @JvmOverloads
    public fun start(
        context: Context,
        options: StartOptions = StartOptions(),
    ): Unit = theDefault.start(context, options)
}

private val theDefault = AndroidProtection()
