@file:Suppress("unused", "UNUSED_VARIABLE")

package io.bonafide.sample

import android.content.Context
import android.net.http.X509TrustManagerExtensions
import io.bonafide.Bonafide
import io.bonafide.BonafideFailure
import io.bonafide.LogLevel
import io.bonafide.PinVerdict
import io.bonafide.StartOptions
import io.bonafide.StatusClass
import io.bonafide.okhttp.bonafideBinding
import io.bonafide.okhttp.diagnose
import io.bonafide.okhttp.protectedBy
import okhttp3.CertificatePinner
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.WebSocketListener
import retrofit2.Retrofit
import java.io.IOException
import java.security.cert.X509Certificate

/** docs/android.md's snippets, so that they compile; PublishedTest holds the two together. Nothing here is run. */
private object Documented {
    fun options(context: Context) {
        Bonafide.start(context, StartOptions(requestTimeoutMillis = 8_000, logLevel = LogLevel.DEBUG, strongBox = true))
    }

    fun development(
        context: Context,
        key: String,
    ) {
        Bonafide.start(context, StartOptions(developmentKey = key))
    }

    fun errors(
        client: OkHttpClient,
        request: Request,
    ) {
        try {
            client.newCall(request).execute().close()
        } catch (e: IOException) {
            when ((e as? BonafideFailure)?.statusClass) {
                StatusClass.UNTRUSTED_CHANNEL -> show("This network cannot be trusted.")
                StatusClass.RETRY -> show("Try again later.")
                else -> show("$e")
            }
        }
    }

    fun retrofit(client: OkHttpClient) {
        val retrofit =
            Retrofit
                .Builder()
                .baseUrl("https://api.acme.com/")
                .client(client)
                .build()
    }

    fun webSocket(
        client: OkHttpClient,
        listener: WebSocketListener,
    ) {
        val socket = client.newWebSocket(Request.Builder().url("https://api.acme.com/live").build(), listener)
    }

    fun diagnosis(client: OkHttpClient) {
        val diagnosis = Bonafide.diagnose(client)
        check(diagnosis.healthy) { "$diagnosis" }
    }

    fun binding(
        request: Request.Builder,
        bearer: String,
    ) {
        request.header("Authorization", bearer).bonafideBinding(bearer.encodeToByteArray())
    }

    fun otherClient(
        trust: X509TrustManagerExtensions,
        served: Array<X509Certificate>,
        host: String,
    ): Map<String, String> {
        val validated = trust.checkServerTrusted(served, "ECDHE_ECDSA", host)
        val verdict = Bonafide.checkPins(host, validated)
        if (verdict is PinVerdict.Mismatch) throw IOException("$verdict")
        return Bonafide.headersForBlocking("https://$host/login")
    }

    fun pinner() {
        val client =
            OkHttpClient
                .Builder()
                .certificatePinner(CertificatePinner.Builder().add("api.acme.com", "sha256/…").build())
                .protectedBy(Bonafide)
                .build()
    }

    private fun show(text: String) = println(text)
}
