package io.bonafide.testing

import io.bonafide.BonafideException
import io.bonafide.HostRules
import io.bonafide.PinVerdict
import io.bonafide.Protection
import io.bonafide.StatusCode
import java.security.MessageDigest
import java.security.cert.X509Certificate
import java.util.Base64
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/**
 * A [Protection] for an app's tests: no native code, no service, no network, and nothing to start. What it says of a
 * host, the test decides; what it is told, the test reads. From any thread.
 *
 * It protects nothing. A host that the test has said nothing of is unlisted: allowed, unpinned, without a token.
 */
public class FakeProtection : Protection {
    private sealed interface Behaviour

    private class Allows(
        val token: String,
        val status: StatusCode?,
    ) : Behaviour

    private class Pins(
        val pins: List<String>,
        val token: String,
    ) : Behaviour

    private class Fails(
        val code: StatusCode,
    ) : Behaviour

    private val hosts = ConcurrentHashMap<String, Behaviour>()
    private val reported = CopyOnWriteArrayList<PinVerdict.Mismatch>()

    @Volatile private var revision = 1L

    /** The mismatches that stopped a request, in order. */
    public val mismatches: List<PinVerdict.Mismatch>
        get() = reported.toList()

    /** Requests to [host] carry [token]. No pin is checked, so that a test's server needs no certain certificate. */
    @JvmOverloads
    public fun protect(
        host: String,
        token: String = DEFAULT_TOKEN,
    ): FakeProtection = set(host, Allows(token, null))

    /** As [protect], but no valid token could be had: the request leaves with [token] and with [status]. */
    @JvmOverloads
    public fun withoutValidToken(
        host: String,
        status: StatusCode = StatusCode.NO_NETWORK,
        token: String = DEFAULT_TOKEN,
    ): FakeProtection = set(host, Allows(token, status))

    /** Requests to [host] reach only a server whose validated chain has one of [pins] (`sha256/BASE64`). */
    public fun pin(
        host: String,
        vararg pins: String,
    ): FakeProtection = set(host, Pins(pins.toList(), DEFAULT_TOKEN))

    /** No server of [host] has the right certificate: as behind a proxy that looks inside. */
    public fun intercept(host: String): FakeProtection = set(host, Pins(listOf(FOREIGN_PIN), DEFAULT_TOKEN))

    /** Requests to [host] fail with [code], as where the config says `without_token: fail`. */
    public fun fail(
        host: String,
        code: StatusCode,
    ): FakeProtection = set(host, Fails(code))

    /** Forgets what was said of [host]. */
    public fun forget(host: String): FakeProtection =
        apply {
            hosts.remove(host)
            revision++
        }

    private fun set(
        host: String,
        behaviour: Behaviour,
    ) = apply {
        hosts[host] = behaviour
        revision++
    }

    override val configRevision: Long
        get() = revision

    override suspend fun awaitStarted(timeoutMillis: Long): Unit = Unit

    override fun rulesFor(host: String): HostRules {
        val behaviour = hosts[host] ?: return HostRules(false, false, false, false, "", TOKEN_HEADER)
        val pins = (behaviour as? Pins)?.pins
        return HostRules(true, pins != null, pins != null, true, pins?.joinToString().orEmpty(), TOKEN_HEADER)
    }

    override fun checkPins(
        host: String,
        chain: List<X509Certificate>,
    ): PinVerdict {
        val expected = (hosts[host] as? Pins)?.pins ?: return PinVerdict.Unpinned
        val served = chain.map { pinOf(it) }
        return served.firstOrNull { it in expected }?.let { PinVerdict.Pinned(it) } ?: PinVerdict.Mismatch(host, expected, served)
    }

    override suspend fun recheckPins(
        host: String,
        chain: List<X509Certificate>,
        timeoutMillis: Long,
    ): PinVerdict = checkPins(host, chain)

    override fun reportMismatch(mismatch: PinVerdict.Mismatch) {
        reported += mismatch
    }

    override suspend fun headersFor(
        url: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Map<String, String> {
        val host = url.substringAfter("://").substringBefore('/').substringBefore('?').substringBefore(':')
        return when (val behaviour = hosts[host]) {
            null -> emptyMap()
            is Pins -> mapOf(TOKEN_HEADER to behaviour.token)
            is Allows -> mapOf(TOKEN_HEADER to behaviour.token) + listOfNotNull(behaviour.status).associate { STATUS_HEADER to it.wireName }
            is Fails -> throw BonafideException(behaviour.code, mapOf("host" to host))
        }
    }

    public companion object {
        /** The token that requests carry, unless the test names another. */
        public const val DEFAULT_TOKEN: String = "token-of-a-test"

        /** The header that carries it. */
        public const val TOKEN_HEADER: String = "Bonafide-Token"

        private const val STATUS_HEADER = "Bonafide-Status"
        private val FOREIGN_PIN = "sha256/" + "A".repeat(43) + "="

        /** The pin of [certificate], `sha256/BASE64` of its SubjectPublicKeyInfo. */
        @JvmStatic
        public fun pinOf(certificate: X509Certificate): String {
            val hash = MessageDigest.getInstance("SHA-256").digest(certificate.publicKey.encoded)
            return "sha256/" + Base64.getEncoder().encodeToString(hash)
        }
    }
}
