package io.bonafide.okhttp

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
    var builder: Request.Builder? = null
    // One look at what is there, instead of one for each name: this is done for every request.
    for (place in 0 until request.headers.size) {
        val name = request.headers.name(place)
        if (name.isOwn() || name.equals(tokenHeader, ignoreCase = true) || attached.any { name.equals(it, ignoreCase = true) }) {
            builder = (builder ?: request.newBuilder()).removeHeader(name)
        }
    }
    for ((name, value) in headers) builder = (builder ?: request.newBuilder()).header(name, value)
    return builder?.build() ?: request
}

private fun String.isOwn(): Boolean = startsWith(PREFIX, ignoreCase = true) && OWN_HEADERS.any { equals(it, ignoreCase = true) }

private const val PREFIX = "Bonafide-"
private val OWN_HEADERS = listOf("Bonafide-Token", "Bonafide-Status")
