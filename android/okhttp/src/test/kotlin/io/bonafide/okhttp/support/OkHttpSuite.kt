package io.bonafide.okhttp.support

import io.bonafide.Protection
import io.bonafide.okhttp.protectedBy
import mockwebserver3.MockWebServer
import okhttp3.Dns
import okhttp3.OkHttpClient
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.tls.HandshakeCertificates
import okhttp3.tls.HeldCertificate
import org.junit.jupiter.api.AfterEach
import java.security.cert.X509Certificate
import java.util.concurrent.TimeUnit
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLSocketFactory
import javax.net.ssl.X509TrustManager

/** What the tests of this module share: a protection, an authority, servers and clients that are closed at the end. */
abstract class OkHttpSuite {
    protected val fixture: ProtectionFixture = ProtectionFixture.create()
    protected val watched = Watched(fixture.protection)
    protected val authority = Authority()
    private val toClose = mutableListOf<AutoCloseable>()

    @AfterEach
    fun closeAll() = (toClose + fixture).forEach { it.close() }

    protected fun <T : AutoCloseable> T.closedAtTheEnd(): T = also { toClose += it }

    protected fun server(
        leaf: HeldCertificate,
        vararg others: HeldCertificate,
        answer: (String) -> String = { TlsServer.ok() },
    ): TlsServer = TlsServer(leaf, *others, answer = answer).closedAtTheEnd()

    /** MockWebServer, for HTTP/2 and WebSockets. */
    protected fun mockServer(
        leaf: HeldCertificate,
        vararg protocols: Protocol = arrayOf(Protocol.HTTP_2, Protocol.HTTP_1_1),
    ): MockWebServer =
        MockWebServer()
            .apply {
                this.protocols = protocols.toList()
                useHttps(HandshakeCertificates.Builder().heldCertificate(leaf).build().sslSocketFactory())
                start(loopback, 0)
            }.closedAtTheEnd()

    /** A client as an app makes it: nothing of Bonafide in it yet. */
    protected fun appClient(trust: X509TrustManager = authority.trust): OkHttpClient.Builder =
        OkHttpClient
            .Builder()
            .dns(
                object : Dns {
                    override fun lookup(hostname: String) = listOf(loopback)
                },
            )
            .sslSocketFactory(tls(trust), trust)
            .callTimeout(1, TimeUnit.MINUTES)

    protected fun client(
        protection: Protection = watched,
        configure: OkHttpClient.Builder.() -> Unit = {},
    ): OkHttpClient =
        appClient()
            .apply(configure)
            .protectedBy(protection)
            .build()
            .also { client -> toClose += AutoCloseable { client.connectionPool.evictAll() } }

    /** The mistake that many an app makes: a trust manager without roots that accepts every certificate. */
    protected fun trustAllClient(): OkHttpClient.Builder {
        val everything =
            object : X509TrustManager {
                override fun checkClientTrusted(
                    chain: Array<X509Certificate>,
                    authType: String,
                ) = Unit

                override fun checkServerTrusted(
                    chain: Array<X509Certificate>,
                    authType: String,
                ) = Unit

                override fun getAcceptedIssuers(): Array<X509Certificate> = emptyArray()
            }
        return appClient(everything)
    }

    private fun tls(trust: X509TrustManager): SSLSocketFactory =
        SSLContext.getInstance("TLS").apply { init(null, arrayOf(trust), null) }.socketFactory

    protected fun OkHttpClient.get(
        url: String,
        configure: Request.Builder.() -> Unit = {},
    ): String = newCall(Request.Builder().url(url).apply(configure).build()).execute().use { it.body.string() }

    /** Starts with a config of just these hosts. */
    protected fun start(vararg hosts: HostEntry) {
        fixture.install(*hosts)
        fixture.start()
    }
}
