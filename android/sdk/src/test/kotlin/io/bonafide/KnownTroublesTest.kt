package io.bonafide

import io.bonafide.okhttp.bonafideBinding
import io.bonafide.okhttp.protectedBy
import io.bonafide.okhttp.support.Authority
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.loopback
import io.bonafide.okhttp.support.pin
import okhttp3.Dns
import okhttp3.EventListener
import okhttp3.Interceptor
import okhttp3.OkHttpClient
import okhttp3.Request
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.IOException
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import javax.net.ssl.SSLContext

/**
 * What users of such libraries suffer from, each with a test. Some lie elsewhere: checks on the main thread and a library
 * that cannot be loaded in [StartTest], tokens after a sleep in `HeadersTest` of bonafide-client, a key after a restore in
 * [AttestedTest].
 */
class KnownTroublesTest : OnAndroid() {
    private val authority = Authority()
    private val leaf = authority.leaf("api.acme.test")
    private val server = TlsServer(leaf)
    private val fixture = AndroidFixture()
    private val url = "https://api.acme.test:${server.port}/"
    private val pool = Executors.newFixedThreadPool(THREADS)

    @After
    fun close() {
        pool.shutdownNow()
        fixture.close()
        server.close()
    }

    private fun appClient(): OkHttpClient.Builder =
        OkHttpClient
            .Builder()
            .dns(
                object : Dns {
                    override fun lookup(hostname: String) = listOf(loopback)
                },
            ).sslSocketFactory(
                SSLContext.getInstance("TLS").apply { init(null, arrayOf(authority.trust), null) }.socketFactory,
                authority.trust,
            )

    private fun OkHttpClient.get(binding: ByteArray? = null): String {
        val request = Request.Builder().url(url)
        binding?.let { request.bonafideBinding(it) }
        return newCall(request.build()).execute().use { it.body.string() }
    }

    private fun tokenIn(request: String) = Regex("(?im)^Bonafide-Token: (.*)$").find(request)?.groupValues?.get(1)

    private fun start(vararg pins: String) {
        fixture.install(HostEntry("api.acme.test", pins.toList()))
        fixture.start()
    }

    @Test
    fun `requests fired before the start wait, and none leaves unprotected`() {
        val client = appClient().protectedBy(fixture.protection, LONG).build()
        val begun = CountDownLatch(THREADS)
        val calls =
            List(THREADS) {
                pool.submit(
                    Callable {
                        begun.countDown()
                        client.get()
                    },
                )
            }
        begun.await()
        assertEquals(0, server.plainBytes.get())
        start(leaf.pin)
        assertEquals(List(THREADS) { "ok" }, calls.map { it.get() })
        assertEquals(THREADS, server.requests.size)
        for (request in server.requests) assertTrue(request, fixture.isTokenFor("api.acme.test", tokenIn(request)))
    }

    @Test
    fun `a client that a monitoring SDK rebuilds stays protected, and one that it copies by hand is refused or told`() {
        start(foreignPin)
        val watching = Interceptor { it.proceed(it.request().newBuilder().header("X-Watched", "yes").build()) }
        val client = appClient().protectedBy(fixture.protection).build()
        val rebuilt =
            client
                .newBuilder()
                .addInterceptor(watching)
                .apply { interceptors().reverse() }
                .addNetworkInterceptor(watching)
                .eventListenerFactory(EventListener.NONE.let { none -> EventListener.Factory { none } })
                .build()
        assertThrows(PinMismatchException::class.java) { rebuilt.get() }
        val half = appClient().apply { client.interceptors.forEach { addInterceptor(it) } }.build()
        assertThrows(IOException::class.java) { half.get() }
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `a client is not rebuilt when pins change`() {
        start(leaf.pin)
        val client = appClient().protectedBy(fixture.protection).build()
        assertEquals("ok", client.get())
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        val seen = server.plainBytes.get()
        assertThrows(PinMismatchException::class.java) { client.get() }
        assertEquals(seen, server.plainBytes.get())
        fixture.install(HostEntry("api.acme.test", listOf(leaf.pin)))
        assertEquals("ok", client.get())
    }

    @Test
    fun `bindings of requests side by side are not mixed up`() {
        start(leaf.pin)
        val echoing = TlsServer(leaf) { request -> TlsServer.ok(tokenIn(request).orEmpty()) }
        val client = appClient().protectedBy(fixture.protection).build()
        val calls =
            List(64) { number ->
                pool.submit(
                    Callable {
                        val binding = "user $number".encodeToByteArray()
                        val there = Request.Builder().url("https://api.acme.test:${echoing.port}/").bonafideBinding(binding).build()
                        val token = client.newCall(there).execute().use { it.body.string() }
                        fixture.isTokenFor("api.acme.test", token, binding)
                    },
                )
            }
        echoing.use { assertEquals(List(64) { true }, calls.map { it.get() }) }
    }

    private companion object {
        const val THREADS = 8
        const val LONG = 60_000L
    }
}
