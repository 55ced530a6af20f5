package io.bonafide.okhttp

import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response
import java.io.IOException

/**
 * The network interceptor: once per request that goes out, redirects and repetitions among them, when its connection
 * is known and nothing has been written to it.
 *
 * Checks the pins for the host of just this request, then fetches and attaches the headers of just this host: healing a
 * mismatch has the first claim on the time that there is, and what the cache answers costs no token.
 */
internal class HopInterceptor(
    private val shield: Shield,
) : Interceptor {
    val protection get() = shield.protection

    @Throws(IOException::class)
    override fun intercept(chain: Interceptor.Chain): Response {
        val call = GuardedCalls.of(chain) ?: throw OkHttpAbilities.unsupported("The interceptor that protectedBy put first was removed.")
        val request = chain.request()
        val host = request.url.host
        val connection = chain.connection() ?: throw OkHttpAbilities.unsupported("A network interceptor has no connection.")
        shield.refuseCleartext(request.url)
        // Before the check: pins that come while it runs are as new to it as those that come after.
        val revision = shield.protection.configRevision
        if (request.url.isHttps) shield.pins.admit(connection, host, call)
        val headers = if (shield.rules.of(host).protectedHost) headersFor(request, call) else emptyMap()
        // The waits for pins and for a token may have brought other pins.
        if (request.url.isHttps && shield.protection.configRevision != revision) shield.pins.admit(connection, host, call)
        call.giveClearance(connection)
        if (!OkHttpAbilities.perCall) call.takeClearance(connection)
        return chain.proceed(shield.withHeaders(request, headers, call.attached))
    }

    private fun headersFor(
        request: Request,
        call: GuardedCall,
    ): Map<String, String> {
        val binding = request.binding ?: call.binding
        val prepared = if (binding == null) shield.prepared?.preparedHeadersFor(request.url.host) else null
        return prepared ?: call.headersFor(request.url, binding)
    }
}
