package io.bonafide.okhttp

import io.bonafide.BonafideException
import io.bonafide.PinMismatchException
import io.bonafide.PinVerdict
import io.bonafide.Protection
import io.bonafide.StatusCode
import io.bonafide.okhttp.support.Awaited
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
import java.time.Duration
import kotlin.system.measureTimeMillis

class WaitTest : OkHttpSuite() {
    private val leaf = authority.leaf("api.acme.test")
    private val server = server(leaf)
    private val url = "https://api.acme.test:${server.port}/"

    private fun limited(
        millis: Long,
        protection: Protection = watched,
    ) = appClient().protectedBy(protection, millis).build()

    @Test
    fun `a call before the start fails in time, and nothing is sent`() {
        val limits = mutableListOf<Long>()
        val listening =
            object : Protection by watched {
                override suspend fun awaitStarted(timeoutMillis: Long) {
                    limits += timeoutMillis
                    watched.awaitStarted(timeoutMillis)
                }
            }
        val client = limited(300, listening)
        val took =
            measureTimeMillis {
                val failure = assertThrows<BonafideException> { client.get(url) }
                assertEquals(StatusCode.NOT_STARTED, failure.code)
            }
        assertEquals(listOf(300L), limits)
        assertTrue(took in 250 until ENDED, "$took ms")
        assertEquals(0, server.handshakes.get())
    }

    @Test
    fun `a call before the start waits for it`() {
        fixture.install(HostEntry("api.acme.test", listOf(leaf.pin)))
        val awaited = Awaited(watched).apply { meanwhile { fixture.start() } }
        assertEquals("ok", limited(LONG, awaited).get(url))
    }

    @Test
    fun `start, recheck and token share one limit`() {
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        fixture.publish(HostEntry("api.acme.test", listOf(leaf.pin)))
        val limits = mutableListOf<Long>()
        val spending =
            object : Protection by watched {
                suspend fun spend(timeoutMillis: Long) {
                    limits += timeoutMillis
                    delay(SPENT)
                }

                override suspend fun awaitStarted(timeoutMillis: Long) {
                    spend(timeoutMillis)
                    fixture.start()
                }

                override suspend fun recheckPins(
                    host: String,
                    chain: List<X509Certificate>,
                    timeoutMillis: Long,
                ): PinVerdict {
                    spend(timeoutMillis)
                    return watched.recheckPins(host, chain, timeoutMillis)
                }

                override suspend fun headersFor(
                    url: String,
                    binding: ByteArray?,
                    timeoutMillis: Long,
                ): Map<String, String> {
                    spend(timeoutMillis)
                    return watched.headersFor(url, binding, timeoutMillis)
                }
            }
        assertEquals("ok", limited(LONG, spending).get(url))
        val (start, recheck, token) = limits.also { assertEquals(3, it.size) }
        assertEquals(LONG, start)
        assertTrue(recheck <= start - SPENT && token <= recheck - SPENT, "$limits")
        // What is not waited for Bonafide, such as the handshake, takes nothing of it.
        assertTrue(token >= LONG / 2, "$limits")
    }

    @Test
    fun `cancelling a call ends its wait for the start`() = canceledWhileWaiting(watched, started = false)

    @Test
    fun `cancelling a call ends its wait for a token`() {
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        fixture.serviceHangs()
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
        val awaited = Awaited(protection)
        val call = limited(LONG, awaited).newCall(Request.Builder().url(url).build())
        awaited.meanwhile { call.cancel() }
        val took = measureTimeMillis { assertEquals("Canceled", assertThrows<IOException> { call.execute() }.message) }
        assertTrue(took < ENDED, "$took ms")
        assertEquals(0, server.plainBytes.get())
        assertTrue(started || server.handshakes.get() == 0)
    }

    @Test
    fun `a call that was cancelled before it started does not wait`() {
        val call = limited(LONG).newCall(Request.Builder().url(url).build()).apply { cancel() }
        assertTrue(measureTimeMillis { assertThrows<IOException> { call.execute() } } < ENDED)
    }

    @Test
    fun `the call's own timeout ends the wait too`() {
        val client = limited(LONG).newBuilder().callTimeout(Duration.ofMillis(300)).build()
        val took = measureTimeMillis { assertThrows<InterruptedIOException> { client.get(url) } }
        assertTrue(took in 250 until ENDED, "$took ms")
    }

    @Test
    fun `an interrupt ends the wait and stays visible`() {
        val waiting = Thread.currentThread()
        val awaited = Awaited(watched).apply { meanwhile { waiting.interrupt() } }
        val client = limited(LONG, awaited)
        val took = measureTimeMillis { assertThrows<InterruptedIOException> { client.get(url) } }
        assertTrue(Thread.interrupted())
        assertTrue(took < ENDED, "$took ms")
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
        val client = limited(200, forgetful)
        val took = measureTimeMillis { assertThrows<BonafideException> { client.get(url) } }
        assertTrue(took < ENDED, "$took ms")
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
        assertEquals("ok", limited(LONG, switching).get(url))
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

    private companion object {
        /** Longer than whatever a test waits for takes. */
        const val LONG = 60_000L

        /** A wait that took less was ended, and did not last until [LONG] or the call's timeout. */
        const val ENDED = 15_000L
        const val SPENT = 100L
    }
}
