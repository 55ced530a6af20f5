package io.bonafide.okhttp.support

import io.bonafide.HostRules
import io.bonafide.PinVerdict
import io.bonafide.Protection
import java.security.cert.X509Certificate
import java.util.concurrent.atomic.AtomicInteger

/** Any protection, with its calls counted: what is counted may be a call into native code. */
class Watched(
    private val inner: Protection,
) : Protection by inner {
    val rules = AtomicInteger()
    val checks = AtomicInteger()
    val rechecks = AtomicInteger()
    val headers = AtomicInteger()

    override fun rulesFor(host: String): HostRules = inner.rulesFor(host).also { rules.incrementAndGet() }

    override fun checkPins(
        host: String,
        chain: List<X509Certificate>,
    ): PinVerdict = inner.checkPins(host, chain).also { checks.incrementAndGet() }

    override suspend fun recheckPins(
        host: String,
        chain: List<X509Certificate>,
        timeoutMillis: Long,
    ): PinVerdict {
        rechecks.incrementAndGet()
        return inner.recheckPins(host, chain, timeoutMillis)
    }

    override suspend fun headersFor(
        url: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Map<String, String> {
        headers.incrementAndGet()
        return inner.headersFor(url, binding, timeoutMillis)
    }
}
