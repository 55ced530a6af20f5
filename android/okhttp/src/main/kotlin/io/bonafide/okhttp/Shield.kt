package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinVerdict
import io.bonafide.PreparedHeaders
import io.bonafide.Protection
import io.bonafide.StatusCode
import okhttp3.HttpUrl
import java.io.IOException

/** What the pieces that one `protectedBy` adds share. Copies of the client share it too, as they share the pool. */
internal class Shield(
    val protection: Protection,
    val maxWaitMillis: Long,
) {
    val prepared = protection as? PreparedHeaders
    val rules = RulesMemo(protection)
    val headerMemo = HeaderMemo()
    val markers = PoolMarkers()
    val pins = PinCheck(protection, rules, markers)

    /** Cleartext has no certificate to check, and anybody may read a token in it. */
    fun refuseCleartext(url: HttpUrl) {
        if (url.isHttps) return
        val rules = rules.of(url.host)
        if (rules.pinned || rules.protectedHost) throw BonafideException(StatusCode.CLEARTEXT_REFUSED, mapOf("host" to url.host))
    }
}

/** A report that fails must neither stop a request nor hide why one was stopped. */
internal fun Protection.reportQuietly(mismatch: PinVerdict.Mismatch) {
    try {
        orInternalError { reportMismatch(mismatch) }
    } catch (_: IOException) {
        // The core logs why; there is nobody else to tell.
    }
}

/**
 * Runs [block], and turns what should not happen into an error of the call: an exception that OkHttp does not expect
 * on one of its threads would end the app.
 */
internal inline fun <T> orInternalError(block: () -> T): T =
    try {
        block()
    } catch (e: RuntimeException) {
        throw BonafideException(StatusCode.INTERNAL_ERROR, detail = e.javaClass.name, cause = e)
    } catch (e: LinkageError) {
        throw BonafideException(StatusCode.INTERNAL_ERROR, detail = e.javaClass.name, cause = e)
    }
