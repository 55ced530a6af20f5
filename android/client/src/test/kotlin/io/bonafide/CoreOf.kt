package io.bonafide

import io.bonafide.platform.Platform
import java.io.ByteArrayInputStream
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate

/**
 * A core that answers as [told] does: for tests of facades, which start it as they start the native one. All of the facade
 * is real, from the start to the last header; what is told takes the native library's place alone.
 */
class CoreOf(
    private val told: Protection,
    private val onTryAgain: () -> Unit = {},
) {
    private var onRevision: (Long) -> Unit = {}

    /** A protection over it, not started. */
    fun protection(): NativeProtection = NativeProtection(starter, LeaseMemo.Clock.System)

    /** Says that what is told has changed. */
    fun changed() = onRevision(told.configRevision)

    private val starter =
        EngineStarter { platform: Platform, settings: Settings, onRevision, _ ->
            platform.provideLibrary(settings.storage)
            settings.initialConfig.read()
            this.onRevision = onRevision
            Answers()
        }

    private inner class Answers : Engine {
        override fun revision() = told.configRevision

        override fun rules(host: String) = told.rulesFor(host)

        override fun checkPins(
            host: String,
            chain: List<ByteArray>,
        ) = told.checkPins(host, chain.map(::certificate))

        override suspend fun recheckPins(
            host: String,
            chain: List<ByteArray>,
            timeoutMillis: Long,
        ) = told.recheckPins(host, chain.map(::certificate), timeoutMillis).also { changed() }

        override fun reportMismatch(
            mismatch: PinVerdict.Mismatch,
            enforced: Boolean,
        ) = told.reportMismatch(mismatch)

        override suspend fun token(
            host: String,
            binding: ByteArray?,
            timeoutMillis: Long,
        ): Lease {
            val headers = told.headersFor("https://$host/", binding, timeoutMillis)
            val status = headers["Bonafide-Status"]?.let { StatusCode.of(it) }
            return Lease(told.rulesFor(host).tokenHeader, headers[told.rulesFor(host).tokenHeader], status, freshForMillis = 0)
        }

        override fun setUserProperty(value: String?): String? = null

        override fun tryAgain() {
            onTryAgain()
        }

        override suspend fun refresh(timeoutMillis: Long) = false

        override suspend fun precheck(timeoutMillis: Long) = Unit

        override fun installationId(): String? = null

        override fun status() = ProtectionStatus(ProtectionStatus.Phase.RUNNING, configRevision = told.configRevision)

        override fun close() = Unit
    }

    private fun certificate(der: ByteArray) =
        CertificateFactory.getInstance("X.509").generateCertificate(ByteArrayInputStream(der)) as X509Certificate
}
