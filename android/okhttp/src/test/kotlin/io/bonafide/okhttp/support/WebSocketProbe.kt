package io.bonafide.okhttp.support

import mockwebserver3.MockResponse
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit

/** Opens a WebSocket and waits for what becomes of it: a message, or the failure. */
object WebSocketProbe {
    /** The text that the server sent first; throws what the listener was told otherwise. */
    fun firstMessage(
        client: OkHttpClient,
        url: String,
        configure: Request.Builder.() -> Unit = {},
    ): String {
        val message = CompletableFuture<String>()
        val listener =
            object : WebSocketListener() {
                override fun onMessage(
                    webSocket: WebSocket,
                    text: String,
                ) {
                    message.complete(text)
                    webSocket.close(1000, null)
                }

                override fun onFailure(
                    webSocket: WebSocket,
                    t: Throwable,
                    response: Response?,
                ) {
                    message.completeExceptionally(t)
                }
            }
        client.newWebSocket(Request.Builder().url(url).apply(configure).build(), listener)
        try {
            return message.get(15, TimeUnit.SECONDS)
        } catch (e: java.util.concurrent.ExecutionException) {
            throw e.cause!!
        }
    }

    /** A server's answer that upgrades and says hello. */
    fun hello(): MockResponse =
        MockResponse
            .Builder()
            .webSocketUpgrade(
                object : WebSocketListener() {
                    override fun onOpen(
                        webSocket: WebSocket,
                        response: Response,
                    ) {
                        webSocket.send("hello")
                    }

                    override fun onClosing(
                        webSocket: WebSocket,
                        code: Int,
                        reason: String,
                    ) {
                        webSocket.close(1000, null)
                    }
                },
            ).build()
}
