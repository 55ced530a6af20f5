package io.bonafide.demo

import io.bonafide.Bonafide
import io.bonafide.okhttp.protectedBy
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.tls.HandshakeCertificates
import java.io.File
import java.net.Proxy
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate
import java.time.Duration

/** The API, as an app's own code knows it: ordinary OkHttp. */
class LoginApi(
    private val options: Options,
) {
    private val client: OkHttpClient =
        OkHttpClient
            .Builder()
            .trusting(options.authorities)
            .proxy(options.proxy?.let { Proxy(Proxy.Type.HTTP, it) })
            .callTimeout(Duration.ofSeconds(20))
            // All that an app does to be protected, part two.
            .apply { if (options.protected) protectedBy(Bonafide) }
            .build()

    /** Logs in with a secret that nobody in between may see. */
    fun login(
        user: String,
        password: String,
    ): Reply {
        val body = json.toJson(mapOf("user" to user, "password" to password))
        return call(Request.Builder().url("${options.api}/login").post(body.toRequestBody(JSON_TYPE)))
    }

    fun get(url: String): Reply = call(Request.Builder().url(url))

    /** So that the next call makes a connection of its own. */
    fun dropConnections() = client.connectionPool.evictAll()

    private fun call(request: Request.Builder): Reply =
        client.newCall(request.build()).execute().use { response ->
            Reply(response.code, response.body.string(), response.request.header("Bonafide-Status"))
        }
}

/** What came back. */
class Reply(
    val status: Int,
    val body: String,
    val sentStatus: String?,
)

/** TLS with these authorities, as the platform's store would have them, and no others. */
private fun OkHttpClient.Builder.trusting(files: List<File>): OkHttpClient.Builder {
    val factory = CertificateFactory.getInstance("X.509")
    val certificates = HandshakeCertificates.Builder()
    for (file in files) {
        val found = file.inputStream().use { factory.generateCertificates(it) }
        found.forEach { certificates.addTrustedCertificate(it as X509Certificate) }
    }
    val built = certificates.build()
    return sslSocketFactory(built.sslSocketFactory(), built.trustManager)
}

private val JSON_TYPE = "application/json".toMediaType()
