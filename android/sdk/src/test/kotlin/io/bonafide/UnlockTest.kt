package io.bonafide

import android.content.Intent
import android.os.Looper
import android.os.UserManager
import io.bonafide.android.NativeLibrary
import io.bonafide.android.UserLock
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

/** The first unlock after a boot: until then there is no key, and from then on tokens come at once. */
class UnlockTest : OnAndroid() {
    private val users = shadowOf(app.getSystemService(UserManager::class.java))
    private val unlocking get() = shadowOf(app).registeredReceivers.count { it.intentFilter.hasAction(Intent.ACTION_USER_UNLOCKED) }
    private val told = CountDownLatch(1)

    private fun unlock() {
        users.setUserUnlocked(true)
        app.sendBroadcast(Intent(Intent.ACTION_USER_UNLOCKED))
        shadowOf(Looper.getMainLooper()).idle()
    }

    @Test
    fun `a phone that is unlocked is not waited for`() {
        UserLock.onUnlock(app) { told.countDown() }
        assertEquals(0, unlocking)
        unlock()
        assertEquals(1, told.count)
    }

    @Test
    fun `what failed while it was locked is tried again when it is unlocked, once`() {
        users.setUserUnlocked(false)
        UserLock.onUnlock(app) { told.countDown() }
        assertEquals(1, unlocking)
        unlock()
        assertTrue(told.await(LONG, TimeUnit.MILLISECONDS))
        assertEquals(0, unlocking)
    }

    @Test
    fun `the start waits for the unlock, and tells the core`() {
        users.setUserUnlocked(false)
        val told = CountDownLatch(1)
        val core = CoreOf(io.bonafide.okhttp.support.FakeFixture().protection) { told.countDown() }
        val protection = AndroidProtection(core.protection(), NativeLibrary {})
        protection.start(app, StartOptions(InitialConfig.of(ByteArray(0))))
        runBlocking { protection.awaitStarted(LONG) }
        assertEquals(1, unlocking)
        unlock()
        assertTrue(told.await(LONG, TimeUnit.MILLISECONDS))
        protection.close()
    }

    private companion object {
        const val LONG = 60_000L
    }
}
