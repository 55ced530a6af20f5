package io.bonafide.okhttp

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.lang.reflect.Proxy
import java.util.concurrent.CountDownLatch
import javax.net.ssl.SSLSessionContext
import kotlin.concurrent.thread

class TlsSessionsTest {
    /** Called while the cache is told to have no room: what Conscrypt takes for no limit, if it stays. */
    private var meanwhile: () -> Unit = {}

    @Volatile private var cacheSize = SIZE

    private val context =
        Proxy.newProxyInstance(javaClass.classLoader, arrayOf(SSLSessionContext::class.java)) { _, method, arguments ->
            if (method.name == "getSessionCacheSize") return@newProxyInstance cacheSize
            check(method.name == "setSessionCacheSize")
            cacheSize = arguments.single() as Int
            if (cacheSize == 0) meanwhile()
            null
        } as SSLSessionContext

    @Test
    fun `two calls that forget at once leave the cache its size`() {
        val (inside, done) = CountDownLatch(1) to CountDownLatch(1)
        val other = thread(start = false) { context.forgetAll() }
        meanwhile = {
            meanwhile = {
                inside.countDown()
                done.await()
            }
            other.start()
            // Until it has read the size, or waits for this thread.
            while (inside.count > 0 && other.state != Thread.State.BLOCKED) Thread.onSpinWait()
        }
        context.forgetAll()
        done.countDown()
        other.join()
        assertEquals(SIZE, cacheSize)
    }
}

private const val SIZE = 7
