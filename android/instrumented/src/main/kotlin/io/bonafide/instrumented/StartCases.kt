package io.bonafide.instrumented

import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.StrictMode
import io.bonafide.AndroidProtection
import io.bonafide.InitialConfig
import io.bonafide.ProtectionStatus.Phase
import io.bonafide.StartOptions
import io.bonafide.StatusCode
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch

/** What becomes of `start` on a real Android. */
class StartCases {
    @Test
    fun itRunsFromItsAssetAndKeepsItsRecordsOutOfBackups() {
        val name = Device.newName()
        Device.started(StartOptions(name = name)).use {
            val status = it.status()
            assertEquals("${status.failure}", Phase.RUNNING, status.phase)
            assertEquals(VERSION, status.version)
            assertEquals(null, status.memoryOnly)
            val folder = File(Device.app.createDeviceProtectedStorageContext().noBackupFilesDir, "bonafide/$name")
            assertTrue("$folder", folder.list().orEmpty().isNotEmpty())
        }
    }

    @Test
    fun aSecondStartChangesNothing() {
        Device.started().use {
            it.start(Device.app, StartOptions(InitialConfig.of(ByteArray(0)), name = Device.newName()))
            assertEquals(Phase.RUNNING, it.settled().phase)
            assertEquals(VERSION, it.status().version)
        }
    }

    @Test
    fun aConfigThatIsNoneIsAStatus() {
        Device.started(StartOptions(InitialConfig.of(ByteArray(0)), name = Device.newName())).use {
            assertEquals(StatusCode.BAD_INITIAL_CONFIG, it.status().failure?.code)
            it.start(Device.app, StartOptions(name = Device.newName()))
            it.waitFor(Phase.RUNNING)
        }
    }

    @Test
    fun whatWasStoredIsFoundByTheNextStart() {
        val options = StartOptions(name = Device.newName())
        Device.started(options).close()
        Device.started(options).use { assertEquals(Phase.RUNNING, it.status().phase) }
    }

    @Test
    fun startingTouchesNeitherDiskNorNetworkOnTheMainThread() {
        assumeTrue("StrictMode tells a listener from API 28 on", Build.VERSION.SDK_INT >= Build.VERSION_CODES.P)
        val violations = CopyOnWriteArrayList<String>()
        val protection = AndroidProtection()
        onMain {
            val before = StrictMode.getThreadPolicy()
            StrictMode.setThreadPolicy(
                StrictMode.ThreadPolicy
                    .Builder()
                    .detectAll()
                    .penaltyListener(Runnable::run, StrictMode.OnThreadViolationListener { violations += it.stackTraceToString() })
                    .build(),
            )
            protection.start(Device.app, StartOptions(name = Device.newName()))
            StrictMode.setThreadPolicy(before)
        }
        // What was found is told at the end of the main thread's turn.
        onMain {}
        protection.use { assertEquals(Phase.RUNNING, it.settled().phase) }
        assertEquals(emptyList<String>(), violations.filter { "io.bonafide" in it })
    }

    private fun onMain(block: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) return block()
        val done = CountDownLatch(1)
        Handler(Looper.getMainLooper()).post {
            block()
            done.countDown()
        }
        done.await()
    }

    private companion object {
        /** Of the initial config in the assets. */
        const val VERSION = 100L
    }
}
