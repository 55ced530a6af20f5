@file:JvmName("BonafideOkHttp")

package io.bonafide.okhttp

import io.bonafide.Diagnosis
import io.bonafide.Protection
import okhttp3.OkHttpClient
import okhttp3.Request

/** The most that one call waits for Bonafide, in milliseconds: for the start, newer pins and a token together. */
public const val DEFAULT_WAIT_MILLIS: Long = 5_000

/**
 * Puts every call of this client, and of every client made from it by `newBuilder()`, under [protection].
 *
 * - The pins of the config in force are checked before a byte of a request is written, on new, pooled, coalesced and
 *   redirected connections and for WebSockets. Where none matches, a newer config is asked for once, then one
 *   connection is made anew, and then the call fails with [io.bonafide.PinMismatchException].
 * - Requests to protected hosts leave with their token and, where no valid one could be had, with the status. Other
 *   hosts never get either, not by a redirect, and not when the app set the headers itself.
 * - `http` to a pinned or protected host is refused.
 *
 * Errors are `IOException`s that are [io.bonafide.BonafideFailure]s too. Cancelling a call cancels its waiting at once.
 * No thread is started. Call it last, or again: a second call replaces the first. From Java:
 * `BonafideOkHttp.protectedBy(builder, protection)`.
 *
 * Needs OkHttp 5.4; on 4.12 to 5.3 all of it holds but WebSockets, which are refused as `unsupported_client`.
 *
 * @param maxWaitMillis the most that one call waits for Bonafide altogether, in milliseconds; connecting and the
 *   exchange itself do not count.
 * @throws IllegalArgumentException if [maxWaitMillis] is negative.
 * @throws io.bonafide.BonafideException (`unsupported_client`) on an OkHttp older than 4.12.
 */
@JvmOverloads
public fun OkHttpClient.Builder.protectedBy(
    protection: Protection,
    maxWaitMillis: Long = DEFAULT_WAIT_MILLIS,
): OkHttpClient.Builder {
    require(maxWaitMillis >= 0) { "maxWaitMillis is negative: $maxWaitMillis" }
    OkHttpAbilities.requireUsable()
    val shield = Shield(protection, maxWaitMillis)
    interceptors().removeAll { it is EntryInterceptor }
    networkInterceptors().removeAll { it is HopInterceptor }
    // First, so that the app's own interceptors run inside of the one limit, and again when the call is tried again.
    interceptors().add(0, EntryInterceptor(shield))
    // Last, so that nothing of the app's that is there already sees the token or changes what is sent.
    networkInterceptors().add(HopInterceptor(shield))
    return this
}

/**
 * Says whether [client] is really protected by this protection, without a call: whether an interceptor is missing, was
 * replaced or is out of order, which trust manager decides, and whether OkHttp can do all that is needed. For a debug
 * build's start, and for a client that a library has rebuilt. From Java: `BonafideOkHttp.diagnose(protection, client)`.
 */
public fun Protection.diagnose(client: OkHttpClient): Diagnosis = ClientDoctor(this, client).examine()

/**
 * Binds the token of this one request to [data], for instance the value of its `Authorization` header: the SHA-256 of
 * the data becomes the token's claim `pay`, and the token is worth nothing with other data.
 *
 * The bytes are copied, and are never sent by Bonafide. From Java: `BonafideOkHttp.bonafideBinding(builder, data)`.
 */
public fun Request.Builder.bonafideBinding(data: ByteArray): Request.Builder = tag(Binding::class.java, Binding(data.copyOf()))
