package io.bonafide.okhttp

import okhttp3.Interceptor
import okhttp3.Request

/** Finds the [GuardedCall] of a chain: a tag of the call, or of the request on an OkHttp whose calls have none. */
internal object GuardedCalls {
    fun of(chain: Interceptor.Chain): GuardedCall? =
        if (OkHttpAbilities.perCall) {
            chain.call().tag(GuardedCall::class.java)
        } else {
            // An app may take the request of a response for another call; what was known of the old one is not of this.
            chain.request().tag(GuardedCall::class.java)?.takeIf { it.call === chain.call() }
        }

    /** Starts guarding the call of [chain], or goes on if an interceptor of the app's proceeds a second time. */
    fun begin(
        chain: Interceptor.Chain,
        shield: Shield,
    ): GuardedCall {
        of(chain)?.let { return it }
        val request = chain.request()
        val fresh = GuardedCall(shield.protection, shield.maxWaitMillis, chain.call(), request.asksForWebSocket, request.binding)
        if (!OkHttpAbilities.perCall) return fresh
        chain.call().tag(GuardedCall::class.java) { fresh }
        chain.call().addEventListener(CallGuard(fresh, shield))
        return fresh
    }

    /** [request] with [guarded] on it, where only requests have tags. */
    fun tagged(
        request: Request,
        guarded: GuardedCall,
    ): Request = if (OkHttpAbilities.perCall) request else request.newBuilder().tag(GuardedCall::class.java, guarded).build()
}

private val Request.asksForWebSocket: Boolean
    get() = header("Upgrade").equals("websocket", ignoreCase = true)
