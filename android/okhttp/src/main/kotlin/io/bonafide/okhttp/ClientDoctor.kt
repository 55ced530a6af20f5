package io.bonafide.okhttp

import io.bonafide.Diagnosis
import io.bonafide.Diagnosis.Check
import io.bonafide.Protection
import okhttp3.Interceptor
import okhttp3.OkHttpClient

/** Looks at a finished client: what of [protectedBy] is still in it, and what stands around it. */
internal class ClientDoctor(
    private val protection: Protection,
    private val client: OkHttpClient,
) {
    private val entries = client.interceptors.filterIsInstance<EntryInterceptor>()
    private val hops = client.networkInterceptors.filterIsInstance<HopInterceptor>()

    fun examine(): Diagnosis {
        if (entries.isEmpty() && hops.isEmpty()) return Diagnosis(listOf(failed("interceptors", UNPROTECTED, ADD)))
        return Diagnosis(listOf(interceptors(), order(), ofThisProtection(), trust(), version()))
    }

    private fun interceptors(): Check =
        when {
            entries.isEmpty() -> failed("interceptors", "the application interceptor was removed: every call is refused", LAST)
            hops.isEmpty() -> failed("interceptors", "the network interceptor was removed: every call is refused", LAST)
            entries.size > 1 || hops.size > 1 -> failed("interceptors", "there is more than one of a kind", LAST)
            else -> Check("interceptors", true, "both are there")
        }

    /** Who runs outside of ours repeats and rewrites calls unseen; who runs inside of it sees the token. */
    private fun order(): Check {
        val before = client.interceptors.takeWhile { it !is EntryInterceptor }.names()
        val after = client.networkInterceptors.takeLastWhile { it !is HopInterceptor }.names()
        return when {
            after.isNotEmpty() && hops.isNotEmpty() -> failed("order", "network interceptors after ours see the token: $after", LAST)
            before.isNotEmpty() && entries.isNotEmpty() ->
                failed(
                    "order",
                    "interceptors before ours run outside of the one limit: $before",
                    LAST,
                )
            else -> Check("order", true, "ours are outermost and innermost")
        }
    }

    private fun ofThisProtection(): Check {
        val others = (entries.map { it.protection } + hops.map { it.protection }).count { it !== protection }
        return if (others == 0) Check("protection", true, "it is this one") else failed("protection", "it is another one", ADD)
    }

    /** Only the chain that the trust manager validated counts, and OkHttp finds it by the issuers that this accepts. */
    private fun trust(): Check {
        val manager = client.x509TrustManager ?: return failed("trust", "the client has no trust manager", TRUST)
        val name = manager.javaClass.name
        return when {
            manager.acceptedIssuers.isEmpty() ->
                failed("trust", "$name accepts no issuers, so that no chain counts as validated: pinned hosts are refused", TRUST)
            name in PLATFORMS_OWN -> Check("trust", true, "the platform's own")
            else -> Check("trust", true, "another than the platform's decides which chains are valid: $name")
        }
    }

    private fun version(): Check =
        if (OkHttpAbilities.perCall) {
            Check("okhttp", true, "it can do all that is needed")
        } else {
            failed("okhttp", "it is older than 5.4: WebSockets to pinned hosts are refused", "Update OkHttp to 5.4 or newer.")
        }

    private fun failed(
        name: String,
        detail: String,
        nextStep: String,
    ) = Check(name, ok = false, detail, nextStep)

    private fun List<Interceptor>.names() = joinToString { it.javaClass.name }

    private companion object {
        const val UNPROTECTED = "this client is not protected: nothing of Bonafide is in it"
        const val ADD = "Call protectedBy(Bonafide) on the builder of this very client."
        const val LAST = "Call protectedBy last, after whatever adds or clears interceptors."
        const val TRUST = "Remove the trust manager of the app's own; trust a private CA in the network security config."

        /** Android's, with and without a network security config, and the JDK's. */
        val PLATFORMS_OWN =
            setOf(
                "android.security.net.config.RootTrustManager",
                "com.android.org.conscrypt.TrustManagerImpl",
                "sun.security.ssl.X509TrustManagerImpl",
            )
    }
}
