package io.bonafide

import java.io.File
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate

/** What `tests/vectors` holds for all languages. */
internal object Vectors {
    private val folder = File("../../tests/vectors")

    /** The initial config of version 100, with `api.acme.com` pinned. */
    val initialConfig: ByteArray =
        Regex(""""initial": ?"([^"\\]*+(?:\\.[^"\\]*+)*+)"""")
            .find(File(folder, "documents.json").readText())!!
            .groupValues[1]
            .replace("\\\"", "\"")
            .encodeToByteArray()

    val chain: List<X509Certificate> =
        listOf("leaf", "intermediate", "root").map { name ->
            File(folder, "chain/$name.der").inputStream().use {
                CertificateFactory.getInstance("X.509").generateCertificate(it) as X509Certificate
            }
        }
}
