package io.bonafide

import android.content.ContentResolver
import android.content.Context
import android.content.ContextWrapper
import android.content.pm.PackageManager
import android.content.res.AssetManager
import android.os.Looper
import android.os.UserManager
import io.bonafide.android.NativeLibrary
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowProcess
import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch

/** `start(context)` with the host's core: what it does where, and what becomes of each way in which it cannot work. */
class StartTest : OnAndroid() {
    private val made = mutableListOf<AndroidProtection>()
    private val good = StartOptions(InitialConfig.of(Vectors.initialConfig))

    @After
    fun closeAll() = made.forEach { it.close() }

    /** The host's library is JNA's to find: there is nothing for the system to load. */
    private fun protection(library: NativeLibrary = NativeLibrary {}) = AndroidProtection(NativeProtection(), library).also { made += it }

    private fun AndroidProtection.settled(): ProtectionStatus =
        runBlocking {
            withTimeout(LONG) {
                status.first { it.phase == ProtectionStatus.Phase.RUNNING || it.phase == ProtectionStatus.Phase.FAILED }
            }
        }

    private fun failureOf(
        context: Context = app,
        options: StartOptions = good,
        library: NativeLibrary = NativeLibrary {},
    ): BonafideFailure {
        val protection = protection(library)
        protection.start(context, options)
        val status = protection.settled()
        assertEquals(ProtectionStatus.Phase.FAILED, status.phase)
        val told = assertThrows(BonafideException::class.java) { runBlocking { protection.awaitStarted(LONG) } }
        assertEquals(status.failure!!.code, told.code)
        return status.failure!!
    }

    @Test
    fun `it runs, with pins, and keeps its records where no backup takes them`() {
        val protection = protection()
        protection.start(app, good)
        val status = protection.settled()
        assertEquals(status.failure?.toString(), ProtectionStatus.Phase.RUNNING, status.phase)
        assertEquals(100, status.version)
        assertEquals(null, status.memoryOnly)
        assertTrue(protection.checkPins("api.acme.com", Vectors.chain) is PinVerdict.Mismatch)
        val folder = File(app.createDeviceProtectedStorageContext().noBackupFilesDir, "bonafide/default")
        assertTrue("$folder", folder.list().orEmpty().isNotEmpty())
    }

    @Test
    fun `start returns while its work waits, and asks nothing of the context on the main thread`() {
        val gate = CountDownLatch(1)
        val waits =
            InitialConfig {
                gate.await()
                Vectors.initialConfig
            }
        val watched = WatchedContext(app)
        val protection = protection()
        protection.start(watched, StartOptions(waits))
        assertEquals(ProtectionStatus.Phase.STARTING, protection.status().phase)
        gate.countDown()
        assertEquals(ProtectionStatus.Phase.RUNNING, protection.settled().phase)
        assertTrue("package manager" in watched.asked)
        assertEquals(emptyList<String>(), watched.askedOnMain)
    }

    @Test
    fun `control - the watched context notices the main thread`() {
        val watched = WatchedContext(app)
        watched.packageManager
        assertEquals(listOf("package manager"), watched.askedOnMain)
    }

    @Test
    fun `twice is safe, and so are two of one name`() {
        val (first, second) = protection() to protection()
        first.start(app, good)
        first.start(app, good)
        second.start(app, good)
        assertEquals(ProtectionStatus.Phase.RUNNING, first.settled().phase)
        assertEquals(ProtectionStatus.Phase.RUNNING, second.settled().phase)
        first.start(app, StartOptions(InitialConfig.of(ByteArray(0))))
        assertEquals(100, first.status().version)
    }

    @Test
    fun `before the first unlock the pins hold`() {
        shadowOf(app.getSystemService(UserManager::class.java)).setUserUnlocked(false)
        val protection = protection()
        protection.start(app, good)
        assertEquals(ProtectionStatus.Phase.RUNNING, protection.settled().phase)
        assertTrue(protection.checkPins("api.acme.com", Vectors.chain) is PinVerdict.Mismatch)
        assertTrue(protection.rulesFor("api.acme.com").protectedHost)
    }

    @Test
    fun `a development key reaches the core, and one that cannot be read stops the start`() {
        val protection = protection()
        protection.start(app, StartOptions(InitialConfig.of(Vectors.initialConfig), developmentKey = DEVELOPMENT_KEY))
        assertEquals(ProtectionStatus.Phase.RUNNING, protection.settled().phase)
        assertEquals("AQEBAQEBAQEB", protection.status().developmentKey)
        val cut = StartOptions(InitialConfig.of(Vectors.initialConfig), developmentKey = DEVELOPMENT_KEY.dropLast(1))
        assertEquals(StatusCode.BAD_DEVELOPMENT_KEY, failureOf(options = cut).code)
    }

    @Test
    fun `an asset that is no config is told as such`() {
        val failure = failureOf(options = StartOptions())
        assertEquals(StatusCode.BAD_INITIAL_CONFIG, failure.code)
        assertFalse("asset" in failure.facts)
    }

    @Test
    fun `without the asset, the status says which command writes it and where it goes`() {
        val failure = failureOf(context = WatchedContext(app, withoutAssets = true), options = StartOptions())
        assertEquals(StatusCode.BAD_INITIAL_CONFIG, failure.code)
        assertEquals("bonafide.config", failure.facts["asset"])
        val text = (failure as Throwable).message!!
        assertTrue(text, "bonafide config export -o app/src/main/assets/bonafide.config" in text)
    }

    @Test
    fun `without a library for this CPU it is a status, and the app goes on`() {
        // This machine's Java has no bonafide on its path: what is thrown is real.
        val failure = failureOf(library = NativeLibrary.OfTheApp)
        assertEquals(StatusCode.UNSUPPORTED_ENVIRONMENT, failure.code)
        assertNotNull(failure.facts["abis"])
    }

    @Test
    fun `an isolated process is a status`() {
        ShadowProcess.setUid(99_001)
        try {
            val failure = failureOf()
            assertEquals(StatusCode.UNSUPPORTED_ENVIRONMENT, failure.code)
            assertEquals("isolated", failure.facts["process"])
        } finally {
            ShadowProcess.reset()
        }
    }

    @Test
    fun `without storage it is a status`() {
        val failure = failureOf(context = WatchedContext(app, withoutStorage = true))
        assertEquals(StatusCode.UNSUPPORTED_ENVIRONMENT, failure.code)
        assertEquals("unavailable", failure.facts["storage"])
    }

    @Test
    fun `after a failure a start tries again`() {
        val protection = protection()
        protection.start(app, StartOptions(InitialConfig.of(ByteArray(0))))
        assertEquals(ProtectionStatus.Phase.FAILED, protection.settled().phase)
        protection.start(app, good)
        runBlocking { withTimeout(LONG) { protection.status.first { it.phase == ProtectionStatus.Phase.RUNNING } } }
    }

    @Test
    fun `options that cannot be used are refused where they are made`() {
        for (name in listOf("", ".hidden", "..", "a/b", "a\u0000", "x".repeat(65))) {
            assertThrows(name, IllegalArgumentException::class.java) { StartOptions(name = name) }
        }
        assertThrows(IllegalArgumentException::class.java) { StartOptions(requestTimeoutMillis = 0) }
        assertEquals("second-account", StartOptions(name = "second-account").name)
    }

    private companion object {
        const val LONG = 60_000L

        /** Of the form that `bonafide device dev-key create` shows; no service knows it. */
        val DEVELOPMENT_KEY = "bonafide_dev_AQEBAQEBAQEB." + "A".repeat(43)
    }
}

/** Writes down what is asked of it on the main thread: StrictMode's own watch on files is not there on a desktop's Java. */
private class WatchedContext(
    base: Context,
    private val withoutAssets: Boolean = false,
    private val withoutStorage: Boolean = false,
) : ContextWrapper(base) {
    val asked = CopyOnWriteArrayList<String>()
    val askedOnMain = CopyOnWriteArrayList<String>()

    private fun <T> asking(
        what: String,
        answer: () -> T,
    ): T {
        asked += what
        if (Looper.myLooper() == Looper.getMainLooper()) askedOnMain += what
        return answer()
    }

    override fun getApplicationContext(): Context = this

    override fun getPackageManager(): PackageManager = asking("package manager") { super.getPackageManager() }

    override fun getAssets(): AssetManager = asking("assets") { if (withoutAssets) AssetManager.getSystem() else super.getAssets() }

    override fun getContentResolver(): ContentResolver = asking("content resolver") { super.getContentResolver() }

    override fun getSystemService(name: String): Any? = asking("service") { super.getSystemService(name) }

    override fun getDataDir(): File = asking("data folder") { super.getDataDir() }

    override fun getNoBackupFilesDir(): File = asking("no-backup folder") { super.getNoBackupFilesDir() }

    override fun createDeviceProtectedStorageContext(): Context =
        asking("device-protected storage") {
            check(!withoutStorage) { "on purpose" }
            super.createDeviceProtectedStorageContext()
        }
}
