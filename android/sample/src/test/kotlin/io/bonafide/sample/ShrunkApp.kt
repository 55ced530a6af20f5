package io.bonafide.sample

import io.bonafide.okhttp.diagnose
import io.bonafide.okhttp.protectedBy
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.testing.FakeProtection
import okhttp3.OkHttpClient
import okhttp3.Request
import kotlin.system.exitProcess

/** The app that [ShrunkTest] shrinks and runs: a request and a WebSocket to a pinned host, and what is wrong with its client. */
internal object ShrunkApp {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (port, pin) = arguments
        val protection = FakeProtection().pin("localhost", pin)
        val client = OkHttpClient.Builder().protectedBy(protection).build()
        val request = Request.Builder().url("https://localhost:$port/").build()
        println(client.newCall(request).execute().use { it.body.string() })
        println(WebSocketProbe.firstMessage(client, "wss://localhost:$port/"))
        println(protection.diagnose(client).checks.filterNot { it.ok })
        // OkHttp's threads would go on for a minute.
        exitProcess(0)
    }
}
