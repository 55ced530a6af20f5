package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.StatusCode
import okhttp3.OkHttp

/**
 * What the OkHttp beside us can do. An app may bring an older one than we were built with, and a missing method would
 * otherwise show as a `NoSuchMethodError` in the middle of a call.
 *
 * Told by its version, which is data. Its methods have other names, or none at all, once R8 has shrunk the app.
 */
internal object OkHttpAbilities {
    private val version: String = runCatching { OkHttp.VERSION }.getOrDefault("unknown")
    private val numbers: List<Int> =
        Regex("""^(\d{1,4})\.(\d{1,4})""").find(version)?.run { groupValues.drop(1).map { it.toInt() } } ?: listOf(0, 0)

    /** OkHttp 5.4: listeners and tags of a single call, and a pinner of a single call. */
    val perCall: Boolean = isAtLeast(5, 4)

    /** Fails where not even plain HTTP can be protected. */
    fun requireUsable() {
        if (!isAtLeast(4, 12)) throw unsupported("OkHttp 4.12 or newer is needed.")
    }

    fun unsupported(detail: String): BonafideException =
        BonafideException(StatusCode.UNSUPPORTED_CLIENT, mapOf("okhttp" to version), detail)

    private fun isAtLeast(
        major: Int,
        minor: Int,
    ): Boolean = numbers[0] > major || (numbers[0] == major && numbers[1] >= minor)
}
