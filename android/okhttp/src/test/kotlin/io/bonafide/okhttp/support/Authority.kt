package io.bonafide.okhttp.support

import okhttp3.CertificatePinner
import okhttp3.tls.HandshakeCertificates
import okhttp3.tls.HeldCertificate
import java.net.InetAddress
import javax.net.ssl.X509TrustManager

/** A certificate authority of the test's own, with the leaves that it gives out. */
class Authority(
    name: String = "Test Root",
) {
    val root: HeldCertificate =
        HeldCertificate
            .Builder()
            .certificateAuthority(0)
            .commonName(name)
            .build()

    fun leaf(vararg hosts: String): HeldCertificate =
        HeldCertificate
            .Builder()
            .signedBy(root)
            .commonName(hosts.first())
            .apply { hosts.forEach { addSubjectAlternativeName(it) } }
            .build()

    /** What a device that has this authority as a root trusts. */
    val trust: X509TrustManager =
        HandshakeCertificates
            .Builder()
            .addTrustedCertificate(root.certificate)
            .build()
            .trustManager
}

val HeldCertificate.pin: String get() = CertificatePinner.pin(certificate)

/** A pin of a key that nobody has. */
val foreignPin: String = Authority("Elsewhere").root.pin

/** Every host name is this machine. */
val loopback: InetAddress = InetAddress.getByName("127.0.0.1")
