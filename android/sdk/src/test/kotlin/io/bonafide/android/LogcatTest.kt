package io.bonafide.android

import android.util.Log
import io.bonafide.OnAndroid
import io.bonafide.StartOptions
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.robolectric.shadows.ShadowLog
import java.util.logging.Level
import java.util.logging.Logger

/** Android's own handler is not under Robolectric: what is seen here is what it would drop. */
class LogcatTest : OnAndroid() {
    private val logger = Logger.getLogger("io.bonafide")
    private val before = logger.level

    /** Java's loggers are all Robolectric's Androids' together: what the others have installed would be seen here too. */
    @Before
    fun alone() = logger.handlers.forEach(logger::removeHandler)

    @After
    fun restore() {
        logger.removeHandler(Logcat)
        logger.level = before
    }

    @Test
    fun `lines for debugging reach logcat, once, and the others go the way that they went`() {
        val platform = AndroidPlatform(app, StartOptions(), { }) { app.noBackupFilesDir }
        repeat(2) { platform.provideLibrary(app.noBackupFilesDir) }
        logger.logp(Level.FINE, "bonafide_core::tokens", null, "asks for a token")
        logger.info("started")
        val seen = ShadowLog.getLogsForTag("io.bonafide").map { it.type to it.msg }
        assertEquals(listOf(Log.DEBUG to "bonafide_core::tokens: asks for a token"), seen)
    }
}
