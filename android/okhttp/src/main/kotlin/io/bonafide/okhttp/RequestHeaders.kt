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
    val builder = lazy(LazyThreadSafetyMode.NONE) { request.newBuilder() }
    for (name in OWN_HEADERS + attached) if (request.header(name) != null) builder.value.removeHeader(name)
    // An operator may have chosen a name that other hosts know too, such as Authorization.
    if (rules.protectedHost && request.header(rules.tokenHeader) != null) builder.value.removeHeader(rules.tokenHeader)
    for ((name, value) in headers) builder.value.header(name, value)
    return if (builder.isInitialized()) builder.value.build() else request
}

private val OWN_HEADERS = listOf("Bonafide-Token", "Bonafide-Status")
