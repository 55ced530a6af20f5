package io.bonafide.android

import android.content.Context
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.net.ProxyInfo
import io.bonafide.platform.Connectivity

/** The default network, as Android knows it. An app that took the permission away, or a broken system, says nothing. */
internal class NetworkHint(
    private val context: Context,
) : Connectivity {
    override fun online(): Boolean? =
        asking { manager ->
            val network = manager.activeNetwork ?: return@asking false
            manager.getNetworkCapabilities(network)?.hasCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET)
        }

    override fun proxy(): String? = asking { manager -> manager.defaultProxy?.asUrl() }

    private fun <T> asking(question: (ConnectivityManager) -> T?): T? =
        try {
            context.getSystemService(ConnectivityManager::class.java)?.let(question)
        } catch (_: RuntimeException) {
            null
        }

    /** With a PAC file, host and port are those of Android's own local proxy. */
    private fun ProxyInfo.asUrl(): String? {
        val name = host?.takeIf { it.isNotEmpty() } ?: return null
        if (port !in 1..MAX_PORT) return null
        return "http://" + (if (':' in name) "[$name]" else name) + ":$port"
    }

    private companion object {
        const val MAX_PORT = 65_535
    }
}
