package io.bonafide.okhttp

import okhttp3.Interceptor
import okhttp3.Request

/** Finds the [GuardedCall] of a chain: a tag of the call, or of the request on an OkHttp whose calls have none. */
internal object GuardedCalls {
    fun of(chain: Interceptor.Chain): GuardedCall? =
        if (OkHttpAbilities.perCall) {
            chain.call().tag(TYPE)
        } else {
            // An app may take the request of a response for another call; what was known of the old one is not of this.
            chain.request().tag(GuardedCall::class.java)?.takeIf { it.call === chain.call() }
        }

    /** Starts guarding the call of [chain], or goes on if an interceptor of the app's proceeds a second time. */
    fun begin(
        chain: Interceptor.Chain,
        shield: Shield,
    ): GuardedCall {
        if (!OkHttpAbilities.perCall) return of(chain) ?: fresh(chain, shield)
        var made: GuardedCall? = null
        val guarded = chain.call().tag(TYPE) { fresh(chain, shield).also { made = it } }
        if (guarded === made) chain.call().addEventListener(CallGuard(guarded, shield))
        return guarded
    }

    private fun fresh(
        chain: Interceptor.Chain,
        shield: Shield,
    ): GuardedCall {
        val request = chain.request()
        return GuardedCall(shield.protection, shield.maxWaitMillis, chain.call(), request.asksForWebSocket, request.binding)
    }

    /** [request] with [guarded] on it, where only requests have tags. */
    fun tagged(
        request: Request,
        guarded: GuardedCall,
    ): Request = if (OkHttpAbilities.perCall) request else request.newBuilder().tag(GuardedCall::class.java, guarded).build()
}

/** Each mention of a class makes such an object anew. */
private val TYPE = GuardedCall::class

private val Request.asksForWebSocket: Boolean
    get() = header("Upgrade").equals("websocket", ignoreCase = true)
