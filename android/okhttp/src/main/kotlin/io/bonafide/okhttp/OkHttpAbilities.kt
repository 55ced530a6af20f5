package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import okhttp3.Call
import okhttp3.Interceptor
import okhttp3.OkHttp

/**
 * What the OkHttp beside us can do. An app may bring an older one than we were built with, and a missing method would
 * otherwise show as a `NoSuchMethodError` in the middle of a call.
 */
internal object OkHttpAbilities {
    /** OkHttp 5.4: listeners and tags of a single call, and a pinner of a single call. */
    val perCall: Boolean =
        has(Call::class.java, "addEventListener") && has(Interceptor.Chain::class.java, "withCertificatePinner")

    /** Fails where not even plain HTTP can be protected. */
    fun requireUsable() {
        if (!has(Interceptor.Chain::class.java, "call")) throw unsupported("OkHttp 4.12 or newer is needed.")
    }

    fun unsupported(detail: String): BonafideException =
        BonafideException(StatusCode.UNSUPPORTED_CLIENT, mapOf("okhttp" to version()), detail)

    private fun version(): String = runCatching { OkHttp.VERSION }.getOrDefault("unknown")

    private fun has(
        type: Class<*>,
        method: String,
    ): Boolean = type.methods.any { it.name == method }
}
