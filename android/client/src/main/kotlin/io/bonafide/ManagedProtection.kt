package io.bonafide

import kotlinx.coroutines.flow.StateFlow
import java.io.IOException

/**
 * A [Protection] that an app asks. What `Bonafide` is, and each protection that an app makes for itself; how it starts
 * is up to the platform.
 *
 * Every `suspend` function has a blocking twin for Java and for threads that may wait. Both fail with a
 * [BonafideException], and wait no longer than `timeoutMillis` milliseconds; without one, than
 * [Settings.requestTimeoutMillis], the wait for the start included. Every function may be called from any thread.
 */
public interface ManagedProtection :
    Protection,
    PreparedHeaders {
    /**
     * The token for [url], for HTTP clients that Bonafide does not know.
     *
     * @param binding data that the token is bound to (its SHA-256 becomes the claim `pay`), or null.
     * @throws BonafideException why there is no valid token: `host_not_in_config` where the config sends none.
     */
    public suspend fun token(
        url: String,
        binding: ByteArray? = null,
    ): String

    /** [token], waiting on this thread. */
    @Throws(IOException::class)
    public fun tokenBlocking(
        url: String,
        binding: ByteArray? = null,
    ): String

    /** [headersFor], waiting on this thread: everything that a request to [url] needs, whatever client makes it. */
    @Throws(IOException::class)
    public fun headersForBlocking(
        url: String,
        binding: ByteArray? = null,
    ): Map<String, String>

    /**
     * What tokens say of the user, in the claim `user`: 1 to 128 characters of visible ASCII without a comma, for
     * instance a keyed hash of the user's id, never the id itself: whoever holds the device can read it. Null once
     * nobody is logged in. It may be set before the start, holds for the tokens asked for from then on, and is kept in
     * memory only. Operators find the user's devices by it.
     *
     * @throws IllegalArgumentException for a text that cannot be one; the one before stays.
     */
    public var userProperty: String?

    /** Asks the service for a newer config now; true if there was one. It is asked from time to time anyway. */
    public suspend fun refresh(): Boolean

    /** [refresh], waiting on this thread. */
    @Throws(IOException::class)
    public fun refreshBlocking(): Boolean

    /** Fetches what the first requests will need, for instance behind a splash screen. */
    public suspend fun precheck()

    /** [precheck], waiting on this thread. */
    @Throws(IOException::class)
    public fun precheckBlocking()

    /** How it is doing, again after each change. Changes in quick succession may come as one. */
    public val status: StateFlow<ProtectionStatus>

    /** How it is doing now. Returns at once. */
    public fun status(): ProtectionStatus

    /** Tries everything that a request needs, and tells what works. Fails with nothing but cancellation. */
    public suspend fun diagnose(): Diagnosis

    /** [diagnose], waiting on this thread. */
    @Throws(IOException::class)
    public fun diagnoseBlocking(): Diagnosis

    /** The id that the service gave this installation; null before it did. Returns at once. */
    public fun installationId(): String?

    /** Has [listener] called for every mismatch from now on. */
    public fun addMismatchListener(listener: MismatchListener)

    /** Undoes [addMismatchListener]. */
    public fun removeMismatchListener(listener: MismatchListener)
}
