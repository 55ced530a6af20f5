package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.PinVerdict
import io.bonafide.Protection
import io.bonafide.StatusCode
import okhttp3.Connection
import java.security.cert.X509Certificate

/** Decides whether a request to a host may be written to a connection, and heals what can be healed. */
internal class PinCheck(
    private val protection: Protection,
    private val rules: RulesMemo,
    private val markers: PoolMarkers,
) {
    private val memo = VerdictMemo()

    /**
     * Returns when a request to [host] may be written to [connection] now.
     *
     * On a mismatch asks once per call and host for newer pins. If it stands, the connection is given up, and the call
     * may be tried once more, on a connection with a full handshake ([GuardedCall.refuse]).
     *
     * @throws PinMismatchException if nothing may be written.
     */
    fun admit(
        connection: Connection,
        host: String,
        call: GuardedCall,
    ) {
        val mismatch = mismatchOf(connection, host) ?: return call.admitted(host)
        val chain = chainOf(connection)
        // Without a validated chain, newer pins or another handshake would show none either.
        val curable = chain.isNotEmpty()
        if (curable && call.mayRecheck(host)) {
            val again = call.await { millis -> protection.recheckPins(host, chain, millis) }
            if (again !is PinVerdict.Mismatch && mismatchOf(connection, host) == null) return call.admitted(host)
        }
        giveUp(connection, host)
        val latest = mismatchOf(connection, host) ?: mismatch
        val subjects = chain.map { it.subjectX500Principal.name }
        throw call.refuse(PinMismatchException(explained(latest, curable), subjects), host, curable)
    }

    /** The mismatch that stands between [host] and [connection], or null. Asks the core only about what is new. */
    private fun mismatchOf(
        connection: Connection,
        host: String,
    ): PinVerdict.Mismatch? {
        if (!rules.of(host).pinned) return null
        // Before the check: a config that comes while it runs makes the memo old, never wrong.
        val revision = protection.configRevision
        if (memo.isCleared(connection, host, revision)) return null
        if (connection.handshake() == null) throw BonafideException(StatusCode.CLEARTEXT_REFUSED, mapOf("host" to host))
        val verdict = orInternalError { protection.checkPins(host, chainOf(connection)) }
        if (verdict is PinVerdict.Mismatch) return verdict
        if (verdict is PinVerdict.ReportOnly) protection.reportQuietly(verdict.mismatch)
        memo.clear(connection, host, revision)
        return null
    }

    /**
     * Keeps [connection] from further use for [host]. It is closed unless it is a coalesced one that is in order for
     * the host that it was made for: one host's pins must not cut another host's traffic.
     */
    private fun giveUp(
        connection: Connection,
        host: String,
    ) {
        markers.renew(rules.of(host).pinSet)
        val ownHost = connection.route().address.url.host
        if (ownHost != host && mismatchOf(connection, ownHost) == null) return
        // Whatever a TLS library throws at this: the mismatch stands, and the connection ends.
        runCatching { forgetTlsSessions(connection.socket()) }
        runCatching { connection.socket().close() }
    }

    /** The validated chain: what OkHttp's chain cleaner kept, without what a server sent besides. */
    private fun chainOf(connection: Connection): List<X509Certificate> =
        connection.handshake()?.peerCertificates.orEmpty().filterIsInstance<X509Certificate>()

    private fun explained(
        mismatch: PinVerdict.Mismatch,
        curable: Boolean,
    ): PinVerdict.Mismatch =
        if (curable) mismatch else PinVerdict.Mismatch(mismatch.host, mismatch.expected, mismatch.served, NO_VALIDATED_CHAIN)
}

private const val NO_VALIDATED_CHAIN =
    "OkHttp could validate no chain. That is so when the client's trust manager accepts every certificate " +
        "(a \"trust all\" manager has no roots to end a chain at); give the client a real one."
