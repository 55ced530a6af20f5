package io.bonafide.okhttp.support

import io.bonafide.PinVerdict
import io.bonafide.Protection
import java.security.cert.X509Certificate
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread

/** Any protection, which tells when a call has begun to wait for it. */
class Awaited(
    private val inner: Protection,
) : Protection by inner {
    private val begun = CountDownLatch(1)

    /** Does [what] as soon as a call waits, on a thread of its own. */
    fun meanwhile(what: () -> Unit) {
        thread(isDaemon = true) {
            begun.await()
            what()
        }
    }

    override suspend fun awaitStarted(timeoutMillis: Long) {
        begun.countDown()
        inner.awaitStarted(timeoutMillis)
    }

    override suspend fun recheckPins(
        host: String,
        chain: List<X509Certificate>,
        timeoutMillis: Long,
    ): PinVerdict {
        begun.countDown()
        return inner.recheckPins(host, chain, timeoutMillis)
    }

    override suspend fun headersFor(
        url: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Map<String, String> {
        begun.countDown()
        return inner.headersFor(url, binding, timeoutMillis)
    }
}
