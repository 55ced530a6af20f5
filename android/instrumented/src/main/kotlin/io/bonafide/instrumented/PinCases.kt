package io.bonafide.instrumented

import io.bonafide.AndroidProtection
import io.bonafide.PinMismatchException
import io.bonafide.okhttp.diagnose
import io.bonafide.okhttp.protectedBy
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import okhttp3.Dns
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okhttp3.tls.HandshakeCertificates
import okhttp3.tls.HeldCertificate
import okhttp3.tls.decodeCertificatePem
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.net.InetAddress
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit

/** Pins, with Android's own TLS and its way of building chains, against a server with an authority of its own. */
class PinCases {
    private val pem = BLOCK.findAll(Device.app.assets.open("server.pem").bufferedReader().use { it.readText() }).map { it.value }.toList()
    private val leaf = HeldCertificate.decode(pem[0] + "\n" + pem[1])
    private val root = pem[2].decodeCertificatePem()
    private val server =
        MockWebServer().apply {
            useHttps(HandshakeCertificates.Builder().heldCertificate(leaf).build().sslSocketFactory())
            start()
        }
    private val protection: AndroidProtection = Device.started()
    private val client: OkHttpClient =
        HandshakeCertificates.Builder().addTrustedCertificate(root).build().let { trusted ->
            OkHttpClient
                .Builder()
                .sslSocketFactory(trusted.sslSocketFactory(), trusted.trustManager)
                .dns(Dns { listOf(InetAddress.getByName("127.0.0.1")) })
                .protectedBy(protection)
                .build()
        }

    @After
    fun close() {
        protection.close()
        server.close()
    }

    private fun request(host: String) = Request.Builder().url("https://$host:${server.port}/").build()

    @Test
    fun aPinnedServerIsReached() {
        server.enqueue(MockResponse(body = "hello"))
        client.newCall(request(PINNED)).execute().use { assertEquals("hello", it.body.string()) }
    }

    @Test
    fun anotherServerGetsNoByteOfARequest() {
        val failure = assertThrows(PinMismatchException::class.java) { client.newCall(request(PINNED_TO_ANOTHER)).execute().close() }
        assertTrue("${failure.mismatch.served}", failure.mismatch.served.size >= 2)
        assertEquals(0, server.requestCount)
    }

    @Test
    fun aWebSocketIsPinnedAsWell() {
        val opened = CompletableFuture<Unit>()
        val listener =
            object : WebSocketListener() {
                override fun onOpen(
                    webSocket: WebSocket,
                    response: Response,
                ) {
                    opened.complete(Unit)
                }

                override fun onFailure(
                    webSocket: WebSocket,
                    t: Throwable,
                    response: Response?,
                ) {
                    opened.completeExceptionally(t)
                }
            }
        client.newWebSocket(request(PINNED_TO_ANOTHER), listener)
        val failure = assertThrows(ExecutionException::class.java) { opened.get(LONG, TimeUnit.SECONDS) }
        assertTrue("${failure.cause}", failure.cause is PinMismatchException)
        assertEquals(0, server.requestCount)
    }

    @Test
    fun aClientIsFoundProtected() {
        val diagnosis = protection.diagnose(client)
        assertTrue("$diagnosis", diagnosis.healthy)
    }

    private companion object {
        const val PINNED = "right.acme.test"
        const val PINNED_TO_ANOTHER = "wrong.acme.test"
        const val LONG = 30L
        val BLOCK = Regex("-----BEGIN [^-]+-----[^-]+-----END [^-]+-----")
    }
}
