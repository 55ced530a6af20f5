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
    val stale = ArrayList<String>(0)
    for (name in OWN_HEADERS) if (request.header(name) != null) stale += name
    for (name in attached) if (request.header(name) != null) stale += name
    // An operator may have chosen a name that other hosts know too, such as Authorization.
    if (rules.protectedHost && request.header(rules.tokenHeader) != null) stale += rules.tokenHeader
    if (stale.isEmpty() && headers.isEmpty()) return request
    val builder = request.newBuilder()
    for (name in stale) builder.removeHeader(name)
    for ((name, value) in headers) builder.header(name, value)
    return builder.build()
}

private val OWN_HEADERS = listOf("Bonafide-Token", "Bonafide-Status")
