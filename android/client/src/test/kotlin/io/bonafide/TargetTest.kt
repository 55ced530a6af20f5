package io.bonafide

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.junit.jupiter.params.provider.ValueSource

/** Where a token goes is decided here, so that every client's own reading of the URL must come to the same host. */
class TargetTest {
    @ParameterizedTest
    @CsvSource(
        "https://api.acme.com, api.acme.com",
        "https://api.acme.com:8443/path?q#f, api.acme.com",
        "HTTPS://API.acme.com/, API.acme.com",
        "wss://api.acme.com/socket, api.acme.com",
        "https://user:pass@api.acme.com/, api.acme.com",
        "https://api.acme.com@evil.example/, evil.example",
        "https://a@b@evil.example/, evil.example",
        "https://evil.example/@api.acme.com, evil.example",
        "https://evil.example?@api.acme.com, evil.example",
        "https://evil.example#@api.acme.com, evil.example",
        "https://[2001:db8::1]:443/, 2001:db8::1",
        "https://bücher.example/, bücher.example",
    )
    fun `the host is the one that an HTTP client would call`(
        url: String,
        host: String,
    ) = assertEquals(host, Target.of(url).host)

    @ParameterizedTest
    @ValueSource(
        strings = [
            "", "api.acme.com", "ftp://api.acme.com/", "https:///path", "https://", "https://:443/", "https://[::1/",
            "https://[::1]x/", "https://api.ac\tme.com/", "https://api%2eacme.com/", "https:api.acme.com", "javascript://api.acme.com",
            "https://evil.example\\@api.acme.com/", "https://api.acme.com\\@evil.example/",
        ],
    )
    fun `what cannot be told for certain is refused`(url: String) {
        assertThrows(IllegalArgumentException::class.java) { Target.of(url) }
    }
}
