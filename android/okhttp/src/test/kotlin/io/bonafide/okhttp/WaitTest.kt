package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.PinVerdict
import io.bonafide.Protection
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import okhttp3.Request
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.IOException
import java.io.InterruptedIOException
import java.security.cert.X509Certificate
import kotlin.concurrent.thread
import kotlin.system.measureTimeMillis

class WaitTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")
    private val server by lazy { server(leaf) }
    private val url by lazy { "https://api.acme.test:${server.port}/" }

    private fun limited(
        millis: Long,
        protection: Protection = watched,
    ) = appClient().protectedBy(protection, millis).build()

    @Test
    fun `a call before the start fails in time, and nothing is sent`() {
        val took =
            measureTimeMillis {
                val failure = assertThrows<BonafideException> { limited(300).get(url) }
                assertEquals(StatusCode.NOT_STARTED, failure.code)
            }
        assertTrue(took in 250..2_000, "$took ms")
        assertEquals(0, server.handshakes.get())
    }

    @Test
    fun `a call before the start waits for it`() {
        fixture.install(HostEntry("api.acme.test", listOf(leaf.pin)))
        thread {
            Thread.sleep(200)
            fixture.start()
        }
        assertEquals("ok", client().get(url))
    }

    @Test
    fun `start, recheck and token share one limit`() {
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        fixture.publish(HostEntry("api.acme.test", listOf(leaf.pin)))
        fixture.serviceAnswers(false)
        thread {
            Thread.sleep(1_000)
            fixture.start()
        }
        val took = measureTimeMillis { limited(1_500).newCall(Request.Builder().url(url).build()).execute().close() }
        assertTrue(took in 1_400..2_200, "$took ms")
    }

    @Test
    fun `cancelling a call ends its wait for the start`() = canceledWhileWaiting(watched, started = false)

    @Test
    fun `cancelling a call ends its wait for a token`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        fixture.serviceAnswers(false)
        canceledWhileWaiting(watched)
    }

    @Test
    fun `cancelling a call ends its wait for newer pins`() {
        start(HostEntry("api.acme.test", listOf(foreignPin), sendToken = false))
        canceledWhileWaiting(
            object : Protection by fixture.protection {
                override suspend fun recheckPins(
                    host: String,
                    chain: List<X509Certificate>,
                    timeoutMillis: Long,
                ): PinVerdict = awaitCancellation()
            },
        )
    }

    private fun canceledWhileWaiting(
        protection: Protection,
        started: Boolean = true,
    ) {
        server.port
        val call = limited(15_000, protection).newCall(Request.Builder().url(url).build())
        thread {
            Thread.sleep(300)
            call.cancel()
        }
        val took = measureTimeMillis { assertEquals("Canceled", assertThrows<IOException> { call.execute() }.message) }
        assertTrue(took in 250..2_000, "$took ms")
        assertEquals(0, server.plainBytes.get())
        assertTrue(started || server.handshakes.get() == 0)
    }

    @Test
    fun `a call that was cancelled before it started does not wait`() {
        val call = limited(15_000).newCall(Request.Builder().url(url).build()).apply { cancel() }
        assertTrue(measureTimeMillis { assertThrows<IOException> { call.execute() } } < 1_000)
    }

    @Test
    fun `the call's own timeout ends the wait too`() {
        val client = limited(15_000).newBuilder().callTimeout(java.time.Duration.ofMillis(300)).build()
        val took = measureTimeMillis { assertThrows<InterruptedIOException> { client.get(url) } }
        assertTrue(took in 250..2_000, "$took ms")
    }

    @Test
    fun `an interrupt ends the wait and stays visible`() {
        val waiting = Thread.currentThread()
        thread {
            Thread.sleep(300)
            waiting.interrupt()
        }
        assertThrows<InterruptedIOException> { limited(15_000).get(url) }
        assertTrue(Thread.interrupted())
    }

    @Test
    fun `a protection that forgets its limit is not waited for`() {
        start(HostEntry("api.acme.test", listOf(foreignPin), sendToken = false))
        val forgetful =
            object : Protection by fixture.protection {
                override suspend fun recheckPins(
                    host: String,
                    chain: List<X509Certificate>,
                    timeoutMillis: Long,
                ): PinVerdict = awaitCancellation()
            }
        val took = measureTimeMillis { assertThrows<BonafideException> { limited(200, forgetful).get(url) } }
        assertTrue(took < 2_000, "$took ms")
        assertEquals(0, server.plainBytes.get())
    }

    @Test
    fun `what waits goes on in the call's own thread, not in one of the core's`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val resumedIn = mutableListOf<Thread>()
        val switching =
            object : Protection by fixture.protection {
                override suspend fun headersFor(
                    url: String,
                    binding: ByteArray?,
                    timeoutMillis: Long,
                ): Map<String, String> {
                    withContext(Dispatchers.IO) { delay(10) }
                    resumedIn += Thread.currentThread()
                    return emptyMap()
                }
            }
        assertEquals("ok", limited(5_000, switching).get(url))
        assertEquals(listOf(Thread.currentThread()), resumedIn)
    }

    @Test
    fun `with no time left pins are still checked`() {
        start(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { limited(0).get(url) }
        fixture.install(HostEntry("api.acme.test", listOf(leaf.pin)))
        assertEquals("ok", limited(0).get(url))
    }

    @Test
    fun `a negative limit is refused at once`() {
        assertThrows<IllegalArgumentException> { limited(-1) }
    }
}
