package io.bonafide

/**
 * The default protection of a process: `Bonafide.start(settings)` once at launch, then
 * `OkHttpClient.Builder().protectedBy(Bonafide)`. From Java: `Bonafide.INSTANCE`.
 *
 * It only holds an ordinary [NativeProtection]; nothing else is static. An app that talks for two accounts, and a test,
 * make their own.
 */
public object Bonafide : ManagedProtection by NativeProtection()
