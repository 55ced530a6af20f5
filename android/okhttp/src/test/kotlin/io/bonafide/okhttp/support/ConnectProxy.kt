package io.bonafide.okhttp.support

import java.net.InetSocketAddress
import java.net.Proxy
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

/** A CONNECT proxy: tunnels everything to [target], which may be an interceptor, and remembers who was asked for. */
class ConnectProxy(
    private val target: Int,
) : AutoCloseable {
    private val listener = ServerSocket(0, 50, loopback)
    private val open = CopyOnWriteArrayList<Socket>()
    val asked = CopyOnWriteArrayList<String>()
    val proxy = Proxy(Proxy.Type.HTTP, InetSocketAddress(loopback, listener.localPort))

    init {
        daemon { while (true) listener.accept().also { daemon { tunnel(it) } } }
    }

    private fun tunnel(client: Socket) {
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) head.append(client.getInputStream().read().toChar())
        asked += head.lineSequence().first()
        val server = Socket(loopback, target)
        open += listOf(client, server)
        client.getOutputStream().write("HTTP/1.1 200 Connected\r\n\r\n".toByteArray())
        daemon { pump(client, server) }
        pump(server, client)
    }

    private fun pump(
        from: Socket,
        to: Socket,
    ) {
        from.getInputStream().transferTo(to.getOutputStream())
        to.shutdownOutput()
    }

    override fun close() {
        listener.close()
        open.forEach { it.close() }
    }

    private fun daemon(block: () -> Unit) = thread(isDaemon = true) { runCatching(block) }
}
