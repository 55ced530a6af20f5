package io.bonafide

import io.bonafide.internal.generated.ConnectionHint
import io.bonafide.internal.generated.ConnectivityPort
import io.bonafide.internal.generated.EvidenceException
import io.bonafide.internal.generated.EvidencePort
import io.bonafide.internal.generated.InstallKeyPort
import io.bonafide.internal.generated.KeyException
import io.bonafide.internal.generated.NativeCandidate
import io.bonafide.internal.generated.NativeEvidence
import io.bonafide.internal.generated.NativeEvidenceKind
import io.bonafide.internal.generated.NativeKey
import io.bonafide.internal.generated.NativeKeyLevel
import io.bonafide.internal.generated.NativePlatform
import io.bonafide.internal.generated.NativePorts
import io.bonafide.internal.generated.ObserverPort
import io.bonafide.internal.generated.PropertiesPort
import io.bonafide.platform.Connectivity
import io.bonafide.platform.EvidenceFailure
import io.bonafide.platform.InstallKey
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.KeyFacts
import io.bonafide.platform.Platform
import io.bonafide.platform.PlatformEvidence
import io.bonafide.platform.SystemProperties

/** The platform, as the generated code wants it. */
internal fun Platform.toNative(observer: ObserverPort): NativePorts =
    NativePorts(
        installKey = installKey?.let(::NativeInstallKey),
        evidence = evidence?.let(::NativeEvidenceSource),
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
    override fun loadOrCreate(): NativeKey = typed { key.loadOrCreate().toNative() }

    override fun sign(message: ByteArray): ByteArray = typed { key.sign(message) }

    override fun reset(): Unit = typed { key.reset() }

    override fun attests(): Boolean = key.attests()

    override fun load(): NativeKey? = typed { key.load()?.toNative() }

    override fun makeCandidate(challenge: ByteArray): NativeCandidate =
        typed { key.makeCandidate(challenge).let { NativeCandidate(it.key.toNative(), it.chain) } }

    override fun signWithCandidate(message: ByteArray): ByteArray = typed { key.signWithCandidate(message) }

    override fun adoptCandidate(point: ByteArray): Unit = typed { key.adoptCandidate(point) }

    override fun dropCandidate(): Unit = typed { key.dropCandidate() }

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

private fun KeyFacts.toNative() = NativeKey(point, level.toNative())

private fun KeyFacts.Level.toNative(): NativeKeyLevel =
    when (this) {
        KeyFacts.Level.SOFTWARE -> NativeKeyLevel.SOFTWARE
        KeyFacts.Level.PLATFORM -> NativeKeyLevel.PLATFORM
        KeyFacts.Level.HARDWARE -> NativeKeyLevel.HARDWARE
    }

private class NativeEvidenceSource(
    private val evidence: PlatformEvidence,
) : EvidencePort {
    override fun kind(): NativeEvidenceKind =
        when (evidence.kind) {
            PlatformEvidence.Kind.PLAY_INTEGRITY -> NativeEvidenceKind.PLAY_INTEGRITY
        }

    override fun evidence(
        boundHash: ByteArray,
        anew: Boolean,
    ): NativeEvidence =
        try {
            when (evidence.kind) {
                PlatformEvidence.Kind.PLAY_INTEGRITY -> NativeEvidence.PlayIntegrity(evidence.statement(boundHash))
            }
        } catch (e: EvidenceFailure) {
            val why = e.message.orEmpty()
            throw when (e.kind) {
                EvidenceFailure.Kind.UNAVAILABLE -> EvidenceException.Unavailable(why)
                EvidenceFailure.Kind.UNSUPPORTED -> EvidenceException.Unsupported(why)
            }
        }
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
