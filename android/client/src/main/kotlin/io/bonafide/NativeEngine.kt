package io.bonafide

import io.bonafide.internal.generated.NativeEngineInterface
import io.bonafide.internal.generated.NativeSettings
import io.bonafide.internal.generated.ObserverPort
import io.bonafide.internal.generated.PinCheck
import io.bonafide.internal.generated.uniffiEnsureInitialized
import io.bonafide.platform.Platform
import kotlin.coroutines.cancellation.CancellationException
import io.bonafide.internal.generated.NativeEngine as GeneratedEngine

/** The core in its native library. Whatever the generated code throws leaves here as a [BonafideException]. */
internal class NativeEngine private constructor(
    private val native: GeneratedEngine,
) : Engine {
    override fun revision(): Long = calling { revision().toLong() }

    override fun rules(host: String): HostRules = calling { rules(host).toPublic() }

    override fun checkPins(
        host: String,
        chain: List<ByteArray>,
    ): PinVerdict = calling { checkPins(PinCheck(host, chain)).toPublic() }

    override suspend fun recheckPins(
        host: String,
        chain: List<ByteArray>,
        timeoutMillis: Long,
    ): PinVerdict = calling { recheckPins(PinCheck(host, chain), timeoutMillis.toULong()).toPublic() }

    override fun reportMismatch(
        mismatch: PinVerdict.Mismatch,
        enforced: Boolean,
    ): Unit = calling { reportMismatch(mismatch.toNative(), enforced) }

    override suspend fun token(
        host: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Lease = calling { token(host, binding, timeoutMillis.toULong()).toPublic() }

    override fun setUserProperty(value: String?): String? = calling { setUserProperty(value) }

    override fun tryAgain(): Unit = calling { tryAgain() }

    override suspend fun refresh(timeoutMillis: Long): Boolean = calling { refreshConfig(timeoutMillis.toULong()) }

    override suspend fun precheck(timeoutMillis: Long): Unit = calling { precheck(timeoutMillis.toULong()) }

    override fun installationId(): String? = calling { installationId() }

    override fun status(): ProtectionStatus = calling { status().toPublic(installationId()) }

    override fun close() {
        try {
            native.stop()
        } catch (_: IllegalStateException) {
            // It is gone already.
        }
        native.destroy()
    }

    private inline fun <T> calling(call: NativeEngineInterface.() -> T): T = rethrowingTyped { native.call() }

    companion object Starter : EngineStarter {
        override fun start(
            platform: Platform,
            settings: Settings,
            onRevision: (Long) -> Unit,
            onStatus: () -> Unit,
        ): Engine =
            rethrowingTyped {
                platform.provideLibrary(settings.storage)
                // Another build's library would be called with arguments that it does not expect.
                uniffiEnsureInitialized()
                NativeLog.forwardTo(settings.logLevel)
                val ports = platform.toNative(Observer(onRevision, onStatus))
                NativeEngine(GeneratedEngine.start(settings.toNative(platform), ports))
            }
    }
}

private class Observer(
    private val onRevision: (Long) -> Unit,
    private val onStatus: () -> Unit,
) : ObserverPort {
    override fun configChanged(revision: ULong) {
        onRevision(revision.toLong())
        onStatus()
    }

    override fun statusChanged() = onStatus()
}

private fun Settings.toNative(on: Platform): NativeSettings =
    NativeSettings(
        initialConfig = readInitialConfig(),
        storage = storage.absolutePath,
        platform = on.kind.toNative(),
        appId = appId,
        appVersion = appVersion,
        appBuild = appBuild,
        artifacts = (artifacts ?: on.artifacts()).map { it.absolutePath },
        sdkVersion = SDK_VERSION,
        developmentKey = developmentKey,
        requestDeadlineMs = requestTimeoutMillis.toULong(),
    )

private fun Settings.readInitialConfig(): ByteArray =
    try {
        initialConfig.read()
    } catch (e: BonafideException) {
        throw e
    } catch (e: Exception) {
        throw BonafideException(StatusCode.BAD_INITIAL_CONFIG, mapOf("reason" to "it cannot be read: $e"), cause = e)
    }

/** Whatever a call throws becomes a [BonafideException]; cancellation stays what it is. */
internal inline fun <T> rethrowingTyped(call: () -> T): T =
    try {
        call()
    } catch (e: Throwable) {
        throw if (e is CancellationException || e is BonafideException || e is VirtualMachineError) e else e.toBonafide()
    }

/** The version of this SDK, as token requests carry it. */
internal const val SDK_VERSION = "0.1.0"
