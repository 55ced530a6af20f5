package io.bonafide.okhttp.support

import okhttp3.tls.HeldCertificate
import java.io.InputStream
import java.net.Socket
import java.security.Principal
import java.security.PrivateKey
import java.security.cert.X509Certificate
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicLong
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLEngine
import javax.net.ssl.SSLServerSocket
import javax.net.ssl.SSLSocket
import javax.net.ssl.X509ExtendedKeyManager
import kotlin.concurrent.thread

/**
 * An HTTP/1.1 server that counts the bytes of requests *under* TLS, and whose certificate can be changed while it runs:
 * TLS sessions of before go on being resumed, as a load balancer does it.
 */
class TlsServer(
    leaf: HeldCertificate,
    vararg others: HeldCertificate,
    private val answer: (request: String) -> String = { ok() },
) : AutoCloseable {
    private val keys = SwappableKeys(leaf, others.toList())
    private val context = SSLContext.getInstance("TLS").apply { init(arrayOf(keys), null, null) }
    private val listener = context.serverSocketFactory.createServerSocket(0, 50, loopback) as SSLServerSocket
    private val open = CopyOnWriteArrayList<Socket>()

    /** Bytes of requests, decrypted. */
    val plainBytes = AtomicLong()
    val handshakes = AtomicInteger()
    val requests = CopyOnWriteArrayList<String>()
    val port: Int get() = listener.localPort

    init {
        daemon {
            while (true) (listener.accept() as SSLSocket).also { daemon { serve(it) } }
        }
    }

    fun change(
        leaf: HeldCertificate,
        vararg others: HeldCertificate,
    ) = keys.change(leaf, others.toList())

    private fun serve(socket: SSLSocket) =
        socket.use {
            open += socket
            socket.tcpNoDelay = true
            // Before, so that a client that has finished its handshake sees it counted.
            handshakes.incrementAndGet()
            socket.startHandshake()
            while (true) {
                val request = readHead(socket.inputStream) ?: break
                requests += request
                socket.outputStream.write(answer(request).toByteArray())
            }
        }

    private fun readHead(input: InputStream): String? {
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) {
            val byte = input.read()
            if (byte < 0) return null
            plainBytes.incrementAndGet()
            head.append(byte.toChar())
        }
        val length = Regex("(?i)content-length: (\\d+)").find(head)?.groupValues?.get(1)?.toInt() ?: 0
        repeat(length) { head.append(input.read().toChar()).also { plainBytes.incrementAndGet() } }
        return head.toString()
    }

    override fun close() {
        listener.close()
        open.forEach { runCatching { it.close() } }
    }

    private fun daemon(block: () -> Unit) = thread(isDaemon = true) { runCatching(block) }

    companion object {
        fun ok(body: String = "ok") = "HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n$body"

        fun redirect(to: String) = "HTTP/1.1 302 Found\r\nLocation: $to\r\nContent-Length: 0\r\n\r\n"
    }
}

/** Serves one leaf until told another. */
private class SwappableKeys(
    leaf: HeldCertificate,
    others: List<HeldCertificate>,
) : X509ExtendedKeyManager() {
    @Volatile private var held = leaf to others

    fun change(
        leaf: HeldCertificate,
        others: List<HeldCertificate>,
    ) {
        held = leaf to others
    }

    override fun chooseServerAlias(
        keyType: String?,
        issuers: Array<Principal>?,
        socket: Socket?,
    ): String? = "leaf".takeIf { keyType == held.first.keyPair.private.algorithm }

    override fun chooseEngineServerAlias(
        keyType: String?,
        issuers: Array<Principal>?,
        engine: SSLEngine?,
    ): String? = chooseServerAlias(keyType, issuers, null)

    override fun getCertificateChain(alias: String?): Array<X509Certificate> =
        (listOf(held.first) + held.second).map { it.certificate }.toTypedArray()

    override fun getPrivateKey(alias: String?): PrivateKey = held.first.keyPair.private

    override fun getServerAliases(
        keyType: String?,
        issuers: Array<Principal>?,
    ): Array<String> = arrayOf("leaf")

    override fun getClientAliases(
        keyType: String?,
        issuers: Array<Principal>?,
    ): Array<String>? = null

    override fun chooseClientAlias(
        keyType: Array<String>?,
        issuers: Array<Principal>?,
        socket: Socket?,
    ): String? = null
}
