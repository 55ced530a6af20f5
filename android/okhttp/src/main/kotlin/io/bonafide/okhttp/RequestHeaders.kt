package io.bonafide.okhttp

import okhttp3.Headers
import okhttp3.Headers.Companion.toHeaders
import okhttp3.Request

/**
 * [request] with just [headers] of Bonafide's: what the app or an earlier hop set under these names is removed, and so
 * is what the call has [attached] before.
 */
internal fun Shield.withHeaders(
    request: Request,
    headers: Map<String, String>,
    attached: Set<String> = emptySet(),
): Request {
    val rules = rules.of(request.url.host)
    // An operator may have chosen a name that other hosts know too, such as Authorization.
    val tokenHeader = rules.tokenHeader.takeIf { rules.protectedHost }
    var builder: Headers.Builder? = null
    // One look at what is there, instead of one for each name: this is done for every request.
    for (place in 0 until request.headers.size) {
        val name = request.headers.name(place)
        val unwanted =
            name.isOwn() || name.equals(tokenHeader, ignoreCase = true) ||
                attached.any { name.equals(it, ignoreCase = true) } || headers.keys.any { name.equals(it, ignoreCase = true) }
        if (unwanted) builder = (builder ?: request.headers.newBuilder()).removeAll(name)
    }
    if (headers.isNotEmpty()) builder = (builder ?: request.headers.newBuilder()).addAll(headerMemo.of(headers))
    return if (builder == null) request else request.newBuilder().headers(builder.build()).build()
}

/** OkHttp looks at each character of a header: a token is looked at when it is new, not for every request. */
internal class HeaderMemo {
    private class Checked(
        val map: Map<String, String>,
        val headers: Headers,
    )

    @Volatile
    private var latest: Checked? = null

    /** @throws io.bonafide.BonafideException (`internal_error`) if HTTP knows no such header. */
    fun of(headers: Map<String, String>): Headers {
        latest?.let { if (it.map == headers) return it.headers }
        // A copy: whoever made the map may change it.
        return orInternalError { headers.toHeaders() }.also { latest = Checked(headers.toMap(), it) }
    }
}

private fun String.isOwn(): Boolean = startsWith(PREFIX, ignoreCase = true) && OWN_HEADERS.any { equals(it, ignoreCase = true) }

private const val PREFIX = "Bonafide-"
private val OWN_HEADERS = listOf("Bonafide-Token", "Bonafide-Status")
