package org.rustls.platformverifier

import android.content.Context
import android.net.http.X509TrustManagerExtensions
import org.rustls.platformverifier.VerificationResult.Verdict
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.cert.CertificateException
import java.security.cert.CertificateExpiredException
import java.security.cert.CertificateFactory
import java.security.cert.CertificateNotYetValidException
import java.security.cert.X509Certificate
import java.util.Date
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509TrustManager

/**
 * Android's trust decision about the attestation service's certificates, for the core's own TLS: rustls-platform-verifier
 * finds this class by its name. The service's pins are checked by the core, after this.
 *
 * The decision is that of the app's network security config. Revocation is not asked for: no client on Android does by
 * default, and a pin is worth more (docs/adr/0018).
 */
internal object CertificateVerifier {
    private val ofTheApp: X509TrustManagerExtensions? by lazy { trustOfTheApp() }

    /**
     * Called by the native side, on a thread that may block.
     *
     * @param authType goes to the trust manager, which ignores it.
     * @param ekus the extended key usages, dotted, of which the leaf has to have one, if it has any.
     * @param ocsp a stapled answer; not looked at.
     * @param unixMillis the time that the leaf has to be valid at.
     * @param chain DER, the server's own first.
     */
    @JvmStatic
    @Suppress("UNUSED_PARAMETER", "LongParameterList")
    fun verifyCertificateChain(
        context: Context,
        host: String,
        authType: String,
        ekus: Array<String>,
        ocsp: ByteArray?,
        unixMillis: Long,
        chain: Array<ByteArray>,
    ): VerificationResult {
        val trust = ofTheApp ?: return VerificationResult(Verdict.UNAVAILABLE, "there is no trust manager")
        return decide(trust, host, authType, ekus, unixMillis, chain)
    }

    internal fun decide(
        trust: X509TrustManagerExtensions,
        host: String,
        authType: String,
        ekus: Array<String>,
        unixMillis: Long,
        chain: Array<ByteArray>,
    ): VerificationResult =
        try {
            val certificates = parsed(chain)
            val leaf = certificates.firstOrNull() ?: throw CertificateException("there is no certificate")
            leaf.checkValidity(Date(unixMillis))
            val usages = leaf.extendedKeyUsage
            if (usages != null && usages.none { it in ekus }) {
                VerificationResult(Verdict.INVALID_EXTENSION, "the certificate is for another use")
            } else {
                trust.checkServerTrusted(certificates, authType, host)
                VerificationResult(Verdict.OK)
            }
        } catch (e: Malformed) {
            VerificationResult(Verdict.INVALID_ENCODING, e.toString())
        } catch (e: CertificateExpiredException) {
            VerificationResult(Verdict.EXPIRED, e.toString())
        } catch (e: CertificateNotYetValidException) {
            VerificationResult(Verdict.EXPIRED, e.toString())
        } catch (e: CertificateException) {
            VerificationResult(Verdict.UNKNOWN_CERTIFICATE, e.toString())
        } catch (e: RuntimeException) {
            // A trust manager that fails has trusted nobody.
            VerificationResult(Verdict.UNKNOWN_CERTIFICATE, e.toString())
        }

    private class Malformed(
        cause: Throwable,
    ) : Exception(cause)

    private fun parsed(chain: Array<ByteArray>): Array<X509Certificate> =
        try {
            val factory = CertificateFactory.getInstance("X.509")
            Array(chain.size) { factory.generateCertificate(chain[it].inputStream()) as X509Certificate }
        } catch (e: CertificateException) {
            throw Malformed(e)
        } catch (e: ClassCastException) {
            throw Malformed(e)
        }

    private fun trustOfTheApp(): X509TrustManagerExtensions? =
        try {
            val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
            factory.init(null as KeyStore?)
            factory.trustManagers.firstNotNullOfOrNull { it as? X509TrustManager }?.let(::X509TrustManagerExtensions)
        } catch (_: GeneralSecurityException) {
            null
        } catch (_: IllegalArgumentException) {
            // A trust manager of the app's own that cannot tell the validated chain.
            null
        }
}
