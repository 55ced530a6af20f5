package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.ConnectProxy
import io.bonafide.okhttp.support.FakeFixture
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import okhttp3.Call
import okhttp3.CertificatePinner
import okhttp3.EventListener
import okhttp3.Interceptor
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.IOException
import java.util.concurrent.CopyOnWriteArrayList
import javax.net.ssl.SSLPeerUnverifiedException

/** The app's own client goes on as it was, and nothing that it does takes the pins away. */
class AppClientTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")
    private val server by lazy { server(leaf) }
    private val url by lazy { "https://api.acme.test:${server.port}/" }

    private fun pinned() = start(HostEntry("api.acme.test", listOf(leaf.pin)))

    private fun intercepted() = start(HostEntry("api.acme.test", listOf(foreignPin)))

    private fun assertNothingSent(request: () -> Unit) {
        assertThrows<IOException>(request)
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `removing the network interceptor leaves a refusal, not a hole`() {
        pinned()
        for (client in listOf(client(), client().newBuilder().apply { interceptors().clear() }.build())) {
            val stripped = client.newBuilder().apply { networkInterceptors().clear() }.build()
            if (stripped.interceptors.isEmpty()) continue
            assertNothingSent { stripped.get(url) }
            assertEquals(StatusCode.UNSUPPORTED_CLIENT, assertThrows<BonafideException> { stripped.get(url) }.code)
        }
    }

    @Test
    fun `removing the application interceptor leaves a refusal too`() {
        pinned()
        val stripped = client().newBuilder().apply { interceptors().clear() }.build()
        assertNothingSent { stripped.get(url) }
    }

    @Test
    fun `an interceptor before ours, one after it, and one that tries again do not change the verdict`() {
        intercepted()
        val stubborn =
            Interceptor {
                try {
                    it.proceed(it.request())
                } catch (_: IOException) {
                    it.proceed(it.request())
                }
            }
        val client =
            client {
                addInterceptor(stubborn)
            }.newBuilder().apply { interceptors().add(0, stubborn) }.addInterceptor(stubborn).build()
        assertNothingSent { client.get(url) }
        assertThrows<PinMismatchException> { client.get(url) }
        assertThrows<PinMismatchException> { WebSocketProbe.firstMessage(client, "wss://api.acme.test:${server.port}/") }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `an interceptor that hides the refusal does not hide it from the report`() {
        intercepted()
        val hides =
            Interceptor {
                try {
                    it.proceed(it.request())
                } catch (_: SSLPeerUnverifiedException) {
                    throw IOException("offline")
                }
            }
        assertNothingSent { client { addInterceptor(hides) }.get(url) }
        assertEquals(1, fixture.reports.size)
    }

    @Test
    fun `an interceptor that replaces the request is followed to the host that is really asked`() {
        start(HostEntry("api.acme.test", listOf(foreignPin)), HostEntry("old.acme.test", listOf(leaf.pin)))
        val moves =
            Interceptor {
                it.proceed(
                    okhttp3.Request
                        .Builder()
                        .url(url)
                        .build(),
                )
            }
        assertNothingSent { client { addInterceptor(moves) }.get("https://old.acme.test:${server.port}/") }
    }

    @Test
    fun `a copy of the client stays protected, whatever is changed in it`() {
        intercepted()
        val copy =
            client()
                .newBuilder()
                .eventListener(EventListener.NONE)
                .certificatePinner(CertificatePinner.DEFAULT)
                .hostnameVerifier { _, _ -> true }
                .addNetworkInterceptor { it.proceed(it.request()) }
                .build()
        assertNothingSent { copy.get(url) }
        assertThrows<PinMismatchException> { copy.get(url) }
    }

    @Test
    fun `the app's own pins go on being checked`() {
        pinned()
        val own =
            client {
                certificatePinner(CertificatePinner.Builder().add("api.acme.test", foreignPin).build())
            }
        val failure = assertThrows<SSLPeerUnverifiedException> { own.get(url) }
        assertTrue("Certificate pinning failure" in failure.message!!)
        val both = client { certificatePinner(CertificatePinner.Builder().add("api.acme.test", leaf.pin).build()) }
        assertEquals("ok", both.get(url))
    }

    @Test
    fun `interceptors, authenticators, proxy authenticators and listeners of the app run as before`() {
        val seen = CopyOnWriteArrayList<String>()
        val server =
            server(leaf) { request ->
                if ("Authorization: me" in request) TlsServer.ok() else "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
            }
        val proxy = ConnectProxy(server.port).closedAtTheEnd()
        pinned()
        val client =
            client {
                proxy(proxy.proxy)
                addInterceptor { it.proceed(it.request()).also { seen += "application" } }
                addNetworkInterceptor { chain ->
                    assertFalse("Bonafide-Token" in chain.request().headers.names(), "an app's log must not see the token")
                    chain.proceed(chain.request()).also { seen += "network" }
                }
                authenticator { _, response ->
                    seen += "authenticator"
                    response.request
                        .newBuilder()
                        .header("Authorization", "me")
                        .build()
                }
                eventListener(
                    object : EventListener() {
                        override fun callEnd(call: Call) {
                            seen += "listener"
                        }
                    },
                )
            }
        assertEquals("ok", client.get("https://api.acme.test/"))
        assertEquals(listOf("network", "authenticator", "network", "application", "listener"), seen)
        assertTrue(server.requests.all { "Bonafide-Token: " in it })
    }

    @Test
    fun `a second protectedBy replaces the first`() {
        intercepted()
        val second = FakeFixture().apply { install(HostEntry("api.acme.test", listOf(leaf.pin))) }.apply { start() }
        val client = client().newBuilder().protectedBy(second.protection).build()
        assertEquals("ok", client.get(url))
        assertEquals(1, client.interceptors.size)
        assertEquals(1, client.networkInterceptors.size)
    }

    @Test
    fun `it comes first, also when the app was quicker`() {
        val client = client { addInterceptor { it.proceed(it.request()) } }
        assertTrue(client.interceptors.first() is EntryInterceptor)
    }

    @Test
    fun `a cloned call is guarded like its original`() {
        pinned()
        val call = client().newCall(okhttp3.Request.Builder().url(url).build())
        call.execute().close()
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { call.clone().execute() }
        assertEquals(1, server.requests.size)
    }

    @Test
    fun `an unlisted host is asked as before`() {
        pinned()
        val other = server(authority.leaf("images.test"))
        assertEquals("ok", client().get("https://images.test:${other.port}/"))
        assertFalse("bonafide" in other.requests.single().lowercase())
        assertEquals(0, watched.checks.get())
    }
}
