package io.bonafide

import java.security.cert.X509Certificate

/**
 * What protects an app's requests: the pins of its hosts and the tokens for its API.
 *
 * An ordinary object; an app that talks for two accounts makes two. Every function may be called from any thread.
 * Functions named `…Blocking` and `suspend` functions may wait for the network, all others return without I/O.
 */
public interface Protection {
    /**
     * Rises with every change of config that a connection has to be rechecked for; 0 while not started.
     * A plain memory read, so that it can be asked for on every request.
     */
    public val configRevision: Long

    /** Waits until started, at most [timeoutMillis]. Throws [BonafideException] (`not_started`) when that does not happen. */
    public suspend fun awaitStarted(timeoutMillis: Long)

    /** What the config in force says of [host]. Remembered per [configRevision]. */
    public fun rulesFor(host: String): HostRules

    /** Checks a *validated* chain, leaf first, against the pins of [host]. No I/O. Never throws: what goes wrong is a mismatch. */
    public fun checkPins(host: String, chain: List<X509Certificate>): PinVerdict

    /**
     * After a [PinVerdict.Mismatch]: asks for a newer config once (single flight, rate-limited per host, at most
     * [timeoutMillis]) and checks again.
     */
    public suspend fun recheckPins(host: String, chain: List<X509Certificate>, timeoutMillis: Long): PinVerdict

    /** Tells the service, once a day for the same host and chain, that [host] was refused for good. Queued; returns at once. */
    public fun reportMismatch(mismatch: PinVerdict.Mismatch)

    /**
     * The headers that a request to [url] leaves with: the token and, when no valid one could be had in time, the status.
     * Empty for a host that is not protected. Throws only when the host's config says `without_token: fail`,
     * or for a URL that may not be requested at all.
     *
     * @param binding data that the token is bound to (its SHA-256 becomes the claim `pay`), or null.
     */
    public suspend fun headersFor(url: String, binding: ByteArray?, timeoutMillis: Long): Map<String, String>
}

/** What the config says of one host. */
public class HostRules(
    /** False for a host that the config does not name: it is allowed, unpinned, and never gets a token. */
    public val listed: Boolean,
    /** True where a mismatch stops the request. */
    public val enforced: Boolean,
    /** True where a mismatch is at least reported: the chain has to be checked. */
    public val pinned: Boolean,
    /** True where requests carry a token. */
    public val protectedHost: Boolean,
    /** Equal for hosts with equal pins and mode, so that they may share an HTTP/2 connection. */
    public val pinSet: String,
    /** The name of the token's header. */
    public val tokenHeader: String,
)

/** What [Protection.checkPins] found. Complete: a later version adds no case. */
public sealed class PinVerdict {
    /** The chain holds [pin]. */
    public class Pinned(public val pin: String) : PinVerdict()

    /** The config has no pins for the host. */
    public object Unpinned : PinVerdict()

    /** No pin matched, and the host's mode is `report`: the request goes on. */
    public class ReportOnly(public val mismatch: Mismatch) : PinVerdict()

    /** No pin matched, and nothing may be sent. Pins are `sha256/BASE64`; [served] is leaf first. */
    public class Mismatch(
        public val host: String,
        public val expected: List<String>,
        public val served: List<String>,
    ) : PinVerdict()
}
