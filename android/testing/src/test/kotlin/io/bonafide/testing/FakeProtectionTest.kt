package io.bonafide.testing

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.StatusCode
import io.bonafide.okhttp.protectedBy
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.tls.HandshakeCertificates
import okhttp3.tls.HeldCertificate
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test

/** How an app tests its own code with it. */
class FakeProtectionTest {
    private val leaf = HeldCertificate.Builder().addSubjectAlternativeName("localhost").build()
    private val server = MockWebServer()
    private val protection = FakeProtection()
    private val certificates =
        HandshakeCertificates
            .Builder()
            .addTrustedCertificate(leaf.certificate)
            .heldCertificate(leaf)
            .build()
    private val client =
        OkHttpClient
            .Builder()
            .sslSocketFactory(certificates.sslSocketFactory(), certificates.trustManager)
            .protectedBy(protection)
            .build()

    @BeforeEach
    fun serve() {
        server.useHttps(certificates.sslSocketFactory())
        server.start()
        server.enqueue(MockResponse(body = "ok"))
    }

    @AfterEach
    fun stop() = server.close()

    private fun get() = client.newCall(Request.Builder().url(server.url("/")).build()).execute().use { it.body.string() }

    @Test
    fun `a host that is intercepted is refused, and the test hears of it`() {
        protection.intercept("localhost")
        assertThrows(PinMismatchException::class.java) { get() }
        assertEquals(listOf("localhost"), protection.mismatches.map { it.host })
        assertEquals(0, server.requestCount)
    }

    @Test
    fun `a request fails as the test says`() {
        protection.fail("localhost", StatusCode.POOR_NETWORK)
        assertEquals(StatusCode.POOR_NETWORK, assertThrows(BonafideException::class.java) { get() }.code)
    }

    @Test
    fun `a protected host gets the token, with the status where there is one`() {
        protection.protect("localhost", "mine")
        get()
        assertEquals("mine", server.takeRequest().headers["Bonafide-Token"])
        protection.withoutValidToken("localhost")
        server.enqueue(MockResponse())
        get()
        assertEquals("no_network", server.takeRequest().headers["Bonafide-Status"])
    }

    @Test
    fun `a pinned host is reached with the right certificate`() {
        protection.pin("localhost", FakeProtection.pinOf(leaf.certificate))
        assertEquals("ok", get())
    }

    @Test
    fun `two lines make a protected client`() {
        val protection = FakeProtection().protect("api.acme.com").intercept("pay.acme.com")
        val client = OkHttpClient.Builder().protectedBy(protection).build()
        assertEquals(1, client.interceptors.size)
    }

    @Test
    fun `a host that was not named is asked as before`() {
        assertEquals("ok", get())
        assertNull(server.takeRequest().headers["Bonafide-Token"])
    }
}
