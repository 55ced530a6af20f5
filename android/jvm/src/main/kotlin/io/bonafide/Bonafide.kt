package io.bonafide

/**
 * The default protection of a process: `Bonafide.start(settings)` once at launch, then
 * `OkHttpClient.Builder().protectedBy(Bonafide)`.
 *
 * It only holds an ordinary [JvmProtection]; nothing else is static. An app that talks for two accounts, and a test,
 * make their own.
 */
public object Bonafide : ManagedProtection by theDefault {
    /** [JvmProtection.start] of the default protection. */
    @JvmStatic
    public fun start(settings: Settings): Unit = theDefault.start(settings)
}

private val theDefault = JvmProtection()
