package io.bonafide

import io.bonafide.internal.generated.ConnectionHint
import io.bonafide.internal.generated.ConnectivityPort
import io.bonafide.internal.generated.InstallKeyPort
import io.bonafide.internal.generated.KeyException
import io.bonafide.internal.generated.NativeCandidate
import io.bonafide.internal.generated.NativeKey
import io.bonafide.internal.generated.NativeKeyLevel
import io.bonafide.internal.generated.NativePlatform
import io.bonafide.internal.generated.NativePorts
import io.bonafide.internal.generated.ObserverPort
import io.bonafide.internal.generated.PropertiesPort
import io.bonafide.platform.Connectivity
import io.bonafide.platform.InstallKey
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.KeyFacts
import io.bonafide.platform.Platform
import io.bonafide.platform.SystemProperties

/** The platform, as the generated code wants it. */
internal fun Platform.toNative(observer: ObserverPort): NativePorts =
    NativePorts(
        installKey = installKey?.let(::NativeInstallKey),
        evidence = null,
        properties = properties?.let(::NativeProperties),
        connectivity = connectivity?.let(::NativeConnectivity),
        observer = observer,
    )

internal fun Platform.Kind.toNative(): NativePlatform =
    when (this) {
        Platform.Kind.ANDROID -> NativePlatform.ANDROID
        Platform.Kind.JVM -> NativePlatform.JVM
    }

private class NativeInstallKey(
    private val key: InstallKey,
) : InstallKeyPort {
    override fun loadOrCreate(): NativeKey = typed { key.loadOrCreate().let { NativeKey(it.point, it.level.toNative()) } }

    override fun sign(message: ByteArray): ByteArray = typed { key.sign(message) }

    override fun reset(): Unit = typed { key.reset() }

    // The core makes none of the calls below for a platform that does not attest keys.
    override fun attests(): Boolean = false

    override fun load(): NativeKey? = unattested()

    override fun makeCandidate(challenge: ByteArray): NativeCandidate = unattested()

    override fun signWithCandidate(message: ByteArray): ByteArray = unattested()

    override fun adoptCandidate(point: ByteArray): Unit = unattested()

    override fun dropCandidate(): Unit = unattested()

    private fun unattested(): Nothing = throw KeyException.Failed("this platform's keys are not attested yet")

    private inline fun <T> typed(call: () -> T): T =
        try {
            call()
        } catch (e: InstallKeyException) {
            val why = e.message.orEmpty()
            throw when (e.kind) {
                InstallKeyException.Kind.UNAVAILABLE -> KeyException.Unavailable(why)
                InstallKeyException.Kind.LOST -> KeyException.Lost(why)
                InstallKeyException.Kind.FAILED -> KeyException.Failed(why)
            }
        }
}

private fun KeyFacts.Level.toNative(): NativeKeyLevel =
    when (this) {
        KeyFacts.Level.SOFTWARE -> NativeKeyLevel.SOFTWARE
        KeyFacts.Level.PLATFORM -> NativeKeyLevel.PLATFORM
        KeyFacts.Level.HARDWARE -> NativeKeyLevel.HARDWARE
    }

private class NativeProperties(
    private val properties: SystemProperties,
) : PropertiesPort {
    override fun property(name: String): String? = properties.property(name)
}

private class NativeConnectivity(
    private val connectivity: Connectivity,
) : ConnectivityPort {
    override fun connection(): ConnectionHint =
        when (connectivity.online()) {
            true -> ConnectionHint.ONLINE
            false -> ConnectionHint.OFFLINE
            null -> ConnectionHint.UNKNOWN
        }

    override fun proxy(): String? = connectivity.proxy()
}
