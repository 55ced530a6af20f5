package io.bonafide.demo

import java.io.File
import java.net.InetSocketAddress

/** What the command line says. */
class Options private constructor(
    private val values: Map<String, String>,
    val protected: Boolean,
) {
    val config = File(value("--config"))
    val storage = File(value("--storage"))
    val api = value("--api").trimEnd('/')
    val authorities = value("--ca").split(',').map(::File)
    val proxy = values["--proxy"]?.let { InetSocketAddress(it.substringBeforeLast(':'), it.substringAfterLast(':').toInt()) }
    val appId = values["--app-id"] ?: "com.example.demo"
    val appVersion = values["--app-version"] ?: "1.0.0"

    private fun value(name: String) = requireNotNull(values[name]) { "$name is missing\n$USAGE" }

    companion object {
        private const val USAGE =
            "usage: --config FILE --storage DIR --api URL --ca FILE[,FILE…] [--proxy HOST:PORT] [--unprotected] [--app-id ID] [--app-version V]"

        fun parse(arguments: Array<String>): Options {
            val named = arguments.filter { it != "--unprotected" }
            require(named.size % 2 == 0 && named.chunked(2).all { it[0].startsWith("--") }) { USAGE }
            return Options(named.chunked(2).associate { it[0] to it[1] }, protected = "--unprotected" !in arguments)
        }
    }
}
