package io.bonafide.okhttp.support

import io.bonafide.BonafideException
import io.bonafide.HostRules
import io.bonafide.PinVerdict
import io.bonafide.Protection
import io.bonafide.StatusCode
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeoutOrNull
import okhttp3.CertificatePinner
import okio.ByteString.Companion.toByteString
import java.security.cert.X509Certificate
import java.util.concurrent.CopyOnWriteArrayList

/** A protection without a core: pins and tokens out of a map. */
class FakeFixture : ProtectionFixture() {
    private val started = CompletableDeferred<Unit>()
    private val reported = CopyOnWriteArrayList<PinVerdict.Mismatch>()

    @Volatile private var inForce: Map<String, HostEntry> = emptyMap()

    @Volatile private var published: Map<String, HostEntry>? = null

    @Volatile private var revision = 1L

    @Volatile private var answering = true

    @Volatile private var hanging = false

    override val protection: Protection = Fake()
    override val reports: List<PinVerdict.Mismatch> get() = reported

    override fun start() {
        started.complete(Unit)
    }

    override fun install(vararg hosts: HostEntry) {
        inForce = hosts.associateBy { it.host }
        revision++
    }

    override fun publish(vararg hosts: HostEntry) {
        published = hosts.associateBy { it.host }
    }

    override fun serviceAnswers(answers: Boolean) {
        answering = answers
    }

    override fun serviceHangs() {
        hanging = true
    }

    override fun isTokenFor(
        host: String,
        token: String?,
        binding: ByteArray?,
    ): Boolean = token == tokenFor(host, binding)

    private fun tokenFor(
        host: String,
        binding: ByteArray?,
    ) = "token.$host." + (binding?.toByteString()?.sha256()?.hex() ?: "unbound")

    private inner class Fake : Protection {
        override val configRevision: Long get() = if (started.isCompleted) revision else 0

        override suspend fun awaitStarted(timeoutMillis: Long) {
            withTimeoutOrNull(timeoutMillis) { started.await() } ?: throw BonafideException(StatusCode.NOT_STARTED)
        }

        override fun rulesFor(host: String): HostRules {
            val entry = inForce[host] ?: return HostRules(false, false, false, false, "", "Bonafide-Token")
            val pinned = entry.mode != "off"
            return HostRules(
                listed = true,
                enforced = entry.mode == "enforce",
                pinned = pinned,
                protectedHost = entry.sendToken,
                pinSet = if (pinned) "${entry.mode} ${entry.pins.sorted()}" else "",
                tokenHeader = "Bonafide-Token",
            )
        }

        override fun checkPins(
            host: String,
            chain: List<X509Certificate>,
        ): PinVerdict {
            val entry = inForce[host]?.takeIf { it.mode != "off" } ?: return PinVerdict.Unpinned
            val served = chain.map { CertificatePinner.pin(it) }
            served.firstOrNull { it in entry.pins }?.let { return PinVerdict.Pinned(it) }
            val mismatch = PinVerdict.Mismatch(host, entry.pins, served)
            return if (entry.mode == "report") PinVerdict.ReportOnly(mismatch) else mismatch
        }

        override suspend fun recheckPins(
            host: String,
            chain: List<X509Certificate>,
            timeoutMillis: Long,
        ): PinVerdict {
            withTimeoutOrNull(timeoutMillis) { delay(REFRESH_MILLIS) } ?: return checkPins(host, chain)
            published?.let { install(*it.values.toTypedArray()) }
            published = null
            return checkPins(host, chain)
        }

        override fun reportMismatch(mismatch: PinVerdict.Mismatch) {
            reported += mismatch
        }

        override suspend fun headersFor(
            url: String,
            binding: ByteArray?,
            timeoutMillis: Long,
        ): Map<String, String> {
            val host = url.substringAfter("://").substringBefore('/').substringBefore(':')
            val entry = inForce[host]?.takeIf { it.sendToken } ?: return emptyMap()
            val token = mapOf("Bonafide-Token" to tokenFor(host, binding))
            if (hanging) awaitCancellation()
            if (answering) return token
            delay(minOf(timeoutMillis, UNANSWERED_MILLIS))
            if (entry.withoutToken == "fail") throw BonafideException(StatusCode.POOR_NETWORK, mapOf("host" to host))
            return token + ("Bonafide-Status" to StatusCode.POOR_NETWORK.wireName)
        }
    }
}

private const val REFRESH_MILLIS = 20L

/** What stands for a whole limit. */
private const val UNANSWERED_MILLIS = 20L
