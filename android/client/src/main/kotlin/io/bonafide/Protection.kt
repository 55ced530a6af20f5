package io.bonafide

import java.security.cert.X509Certificate

/**
 * What protects an app's requests: the pins of its hosts and the tokens for its API.
 *
 * An ordinary object; an app that talks for two accounts makes two. Every function may be called from any thread.
 * `suspend` functions may wait for the network and stop at once when cancelled; all others return without I/O.
 */
public interface Protection {
    /**
     * Rises with every change of config that a connection has to be rechecked for; 0 while not started.
     * A plain memory read, so that it can be asked for on every request.
     */
    public val configRevision: Long

    /**
     * Waits until started, at most [timeoutMillis] milliseconds; returns at once when it is.
     *
     * @throws BonafideException `not_started` when that does not happen in time, or what stopped the start.
     */
    public suspend fun awaitStarted(timeoutMillis: Long)

    /** What the config in force says of [host]; the same until [configRevision] changes, so a caller may remember it. */
    public fun rulesFor(host: String): HostRules

    /**
     * Checks a *validated* chain, leaf first, against the pins of [host]; the same until [configRevision] changes.
     * No I/O. Never throws: what goes wrong is a mismatch, and so is an empty chain.
     */
    public fun checkPins(
        host: String,
        chain: List<X509Certificate>,
    ): PinVerdict

    /**
     * After a [PinVerdict.Mismatch]: asks for a newer config once (single flight, rate-limited per host, at most
     * [timeoutMillis] milliseconds) and checks again. Never throws but for cancellation.
     */
    public suspend fun recheckPins(
        host: String,
        chain: List<X509Certificate>,
        timeoutMillis: Long,
    ): PinVerdict

    /** Tells the service, once a day for the same host and chain, of a mismatch that stood. Queued; returns at once. */
    public fun reportMismatch(mismatch: PinVerdict.Mismatch)

    /**
     * The headers that a request to [url] leaves with: the token and, when no valid one could be had in time, the
     * status. Empty for a host that is not protected.
     *
     * @param binding data that the token is bound to (its SHA-256 becomes the claim `pay`), or null.
     * @param timeoutMillis the most that this may wait, in milliseconds; 0 takes what is there.
     * @throws BonafideException only when the host's config says `without_token: fail`, or for a URL that may not be
     *   requested at all.
     */
    public suspend fun headersFor(
        url: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Map<String, String>
}
