package io.bonafide.okhttp

import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response
import java.io.IOException

/**
 * The application interceptor: once per call, before a connection is looked for.
 *
 * Waits for the start, refuses cleartext, keeps connections of older pins out of reach, and tries a call once more
 * whose connection's pins did not match. It also fetches and attaches a WebSocket's token, since OkHttp runs no network
 * interceptors for those.
 */
internal class EntryInterceptor(
    private val shield: Shield,
) : Interceptor {
    val protection get() = shield.protection

    @Throws(IOException::class)
    override fun intercept(chain: Interceptor.Chain): Response {
        val call = GuardedCalls.begin(chain, shield)
        try {
            if (shield.protection.configRevision == 0L) call.await { millis -> shield.protection.awaitStarted(millis) }
            shield.refuseCleartext(chain.request().url)
            val request = if (call.webSocket) webSocketRequest(chain.request(), call) else GuardedCalls.tagged(chain.request(), call)
            return proceed(chain, request, call)
        } catch (e: IOException) {
            throw call.explained(e)
        } finally {
            call.reportRefusal()
        }
    }

    private fun webSocketRequest(
        request: Request,
        call: GuardedCall,
    ): Request {
        if (!OkHttpAbilities.perCall) throw OkHttpAbilities.unsupported("WebSockets need OkHttp 5.4 or newer.")
        val isProtected = shield.rules.of(request.url.host).protectedHost
        val headers = if (isProtected) call.headersFor(request.url, call.binding) else emptyMap()
        call.tokenHost = request.url.takeIf { isProtected }
        call.attached = headers.keys
        return shield.withHeaders(request, headers)
    }

    private fun proceed(
        chain: Interceptor.Chain,
        request: Request,
        call: GuardedCall,
    ): Response {
        try {
            return marked(chain).proceed(request)
        } catch (e: IOException) {
            if (!call.takeRetry()) throw e
        }
        return marked(chain).proceed(request)
    }

    private fun marked(chain: Interceptor.Chain): Interceptor.Chain {
        val url = chain.request().url
        val rules = shield.rules.of(url.host)
        if (!OkHttpAbilities.perCall || !rules.pinned || !url.isHttps) return chain
        return chain.withCertificatePinner(shield.markers.mark(chain.certificatePinner, rules.pinSet))
    }
}
