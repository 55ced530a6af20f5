package org.rustls.platformverifier

import android.net.http.X509TrustManagerExtensions
import io.bonafide.OnAndroid
import io.bonafide.Vectors
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Test
import org.rustls.platformverifier.VerificationResult.Verdict
import java.security.cert.CertificateException
import java.security.cert.X509Certificate
import javax.net.ssl.X509TrustManager

class CertificateVerifierTest : OnAndroid() {
    private val der = Vectors.chain.map { it.encoded }.toTypedArray()
    private val valid = Vectors.chain.first().notBefore.time + 1_000
    private val serverAuth = arrayOf("1.3.6.1.5.5.7.3.1")

    /** What X509TrustManagerExtensions looks for, by reflection, in a trust manager that is not the system's. */
    class Trust(
        private val refusal: Exception? = null,
    ) : X509TrustManager {
        var asked: String? = null

        @Suppress("unused")
        fun checkServerTrusted(
            chain: Array<X509Certificate>,
            authType: String,
            host: String,
        ): List<X509Certificate> {
            asked = "$host ${chain.size}"
            refusal?.let { throw it }
            return chain.toList()
        }

        @Suppress("unused")
        fun isUserAddedCertificate(certificate: X509Certificate) = certificate.serialNumber.signum() < 0

        @Suppress("unused")
        fun isSameTrustConfiguration(
            first: String,
            second: String,
        ) = first == second

        override fun checkClientTrusted(
            chain: Array<X509Certificate>,
            authType: String,
        ) = throw CertificateException()

        override fun checkServerTrusted(
            chain: Array<X509Certificate>,
            authType: String,
        ) = throw CertificateException()

        override fun getAcceptedIssuers(): Array<X509Certificate> = emptyArray()
    }

    private fun decide(
        trust: Trust = Trust(),
        ekus: Array<String> = serverAuth,
        at: Long = valid,
        chain: Array<ByteArray> = der,
    ) = CertificateVerifier.decide(X509TrustManagerExtensions(trust), "bonafide.acme.com", "RSA", ekus, at, chain)

    @Test
    fun `what is refused, and how it is told`() {
        val cases =
            listOf(
                Verdict.UNKNOWN_CERTIFICATE to { decide(Trust(CertificateException("no anchor"))) },
                Verdict.UNKNOWN_CERTIFICATE to { decide(Trust(IllegalStateException("broken"))) },
                Verdict.UNKNOWN_CERTIFICATE to { decide(chain = emptyArray()) },
                Verdict.EXPIRED to { decide(at = Vectors.chain.first().notAfter.time + 1_000) },
                Verdict.EXPIRED to { decide(at = Vectors.chain.first().notBefore.time - 1_000) },
                Verdict.INVALID_ENCODING to { decide(chain = arrayOf(byteArrayOf(1, 2, 3)) + der) },
                Verdict.INVALID_ENCODING to { decide(chain = der + arrayOf(ByteArray(0))) },
            )
        for ((place, case) in cases.withIndex()) {
            val result = case.second()
            assertEquals("case $place: ${result.message}", case.first.code, result.code)
            assertNotNull("case $place", result.message)
        }
    }

    @Test
    fun `what the platform trusts is trusted, and it was asked about this host`() {
        val trust = Trust()
        val result = decide(trust)
        assertEquals(Verdict.OK.code, result.code)
        assertNull(result.message)
        assertEquals("bonafide.acme.com 3", trust.asked)
    }

    @Test
    fun `a certificate for another use is refused before the platform is asked`() {
        val trust = Trust()
        val usages = Vectors.chain.first().extendedKeyUsage
        val result = decide(trust, ekus = arrayOf("1.2.3"))
        assertEquals(if (usages == null) Verdict.OK.code else Verdict.INVALID_EXTENSION.code, result.code)
    }
}
