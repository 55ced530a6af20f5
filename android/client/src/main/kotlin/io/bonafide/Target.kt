package io.bonafide

/**
 * Scheme and host of a URL, found as HTTP clients find them (WHATWG URL); user information is no host. What cannot be
 * told for certain is refused, since a token may go there: so is a backslash, which ends the authority to a WHATWG
 * client and not to one that follows RFC 3986.
 */
internal class Target private constructor(
    val host: String,
    val cleartext: Boolean,
) {
    companion object {
        fun of(url: String): Target {
            val start = url.indexOf("://")
            require('\\' !in url) { "a URL with a backslash is read differently by different clients" }
            val cleartext =
                when (if (start < 0) "" else url.substring(0, start).lowercase()) {
                    "https", "wss" -> false
                    "http", "ws" -> true
                    else -> throw IllegalArgumentException("not an http or https URL")
                }
            val end = url.indexOfAny(ENDS, start + 3).let { if (it < 0) url.length else it }
            val authority = url.substring(start + 3, end)
            val place = authority.substringAfterLast('@')
            val host = if (place.startsWith("[")) bracketed(place) else place.substringBefore(':')
            require(host.isNotEmpty() && host.none { it <= ' ' || it in STRANGE }) { "the URL has no host that can be told" }
            return Target(host, cleartext)
        }

        private fun bracketed(place: String): String {
            val end = place.indexOf(']')
            require(end > 1 && (end == place.lastIndex || place[end + 1] == ':')) { "the URL has no host that can be told" }
            return place.substring(1, end)
        }

        private val ENDS = charArrayOf('/', '?', '#')

        // A host with these is read differently by different clients.
        private const val STRANGE = "%<>^|`{}\"\u007f"
    }
}
