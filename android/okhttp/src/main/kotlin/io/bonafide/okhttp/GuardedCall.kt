package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.Protection
import okhttp3.Call
import okhttp3.Connection
import okhttp3.HttpUrl
import java.io.IOException

/** What Bonafide knows of one call. All but [cancel] is used by the call's own thread. */
internal class GuardedCall(
    private val protection: Protection,
    maxWaitMillis: Long,
    val call: Call,
    val webSocket: Boolean,
    val binding: ByteArray?,
) {
    private val budget = WaitBudget(maxWaitMillis, call::isCanceled)
    private var rechecked = emptySet<String>()
    private var refusedHost: String? = null
    private var retryTaken = false
    private var retryWanted = false

    /** Where a WebSocket's token may go; null while it carries none. */
    var tokenHost: HttpUrl? = null

    /** The headers that a WebSocket's request was given, for all of its hops. */
    var attached: Set<String> = emptySet()

    /** The connection that the next request of the call may be written to; taken by [takeClearance]. */
    @Volatile
    private var clearance: Connection? = null

    /** True once a request of this call may have reached a server: from then on it is not repeated. */
    @Volatile
    var sent = false
        private set

    /** Why the call was stopped, for where OkHttp only says that it was canceled. */
    @Volatile
    var refusal: IOException? = null
        private set

    fun <T> await(block: suspend (Long) -> T): T = budget.await(block)

    fun cancel() = budget.cancel()

    /** The headers that a request to [url] leaves with, a protected host's. */
    fun headersFor(
        url: HttpUrl,
        binding: ByteArray?,
    ): Map<String, String> = await { millis -> protection.headersFor(url.toString(), binding, millis) }

    /** True the first time it is asked for [host]. */
    fun mayRecheck(host: String): Boolean {
        val first = host !in rechecked
        rechecked = rechecked + host
        return first
    }

    /** Ends what stood against [host]; a refusal of another host stays, to be reported. */
    fun admitted(host: String) {
        if (refusedHost != host) return
        refusal = null
        retryWanted = false
    }

    /** Remembers [e]; if it is the first, nothing was sent, and [curable] holds, the call is to be tried once more. */
    fun refuse(
        e: IOException,
        host: String,
        curable: Boolean,
    ): IOException {
        refusal = e
        refusedHost = host
        // Wanted already: OkHttp tried by itself, and this was the second connection.
        retryWanted = curable && !retryTaken && !retryWanted && !sent
        return e
    }

    val mayBeRetried: Boolean
        get() = retryWanted

    fun takeRetry(): Boolean {
        if (!retryWanted || call.isCanceled()) return false
        retryWanted = false
        retryTaken = true
        return true
    }

    fun giveClearance(connection: Connection) {
        clearance = connection
    }

    /** True if [connection] was cleared for the request that is about to be written; good for that one only. */
    fun takeClearance(connection: Connection?): Boolean {
        val cleared = connection != null && clearance === connection
        clearance = null
        if (cleared) sent = true
        return cleared
    }

    /** What to tell the app: for a call that was stopped from outside its own thread, OkHttp knows no reason. */
    fun explained(e: IOException): IOException = if (webSocket || call.isCanceled()) refusal ?: e else e

    /** Tells the service of the mismatch that the call ended with, if it did. */
    fun reportRefusal() {
        val mismatch = (refusal as? PinMismatchException)?.mismatch ?: return
        if (mismatch.served.isNotEmpty()) protection.reportQuietly(mismatch)
    }
}
