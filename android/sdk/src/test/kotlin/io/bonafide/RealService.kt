package io.bonafide

import java.io.File
import java.net.HttpURLConnection
import java.net.ServerSocket
import java.net.URI
import java.util.concurrent.TimeUnit

/** `bonafide` as an operator runs it, in a folder of its own: the binary that the system property names. */
internal class RealService(
    private val folder: File,
) : AutoCloseable {
    private val data = File(folder, "service")
    private val port = freePort()
    private val operatorPort = freePort()
    private var process: Process? = null

    fun start() {
        bonafide("init", "--account", "acme", "--url", "https://127.0.0.1:$port", "--private-ca")
        val listen = arrayOf("--listen", "127.0.0.1:$port", "--operator-listen", "127.0.0.1:$operatorPort")
        val log = File(folder, "serve.log")
        process = builder("serve", *listen).redirectErrorStream(true).redirectOutput(log).start()
        repeat(ATTEMPTS) {
            if (ready()) return
            check(process!!.isAlive) { log.readText() }
            Thread.sleep(PAUSE_MILLIS)
        }
        error("the service is not ready: ${log.readText()}")
    }

    /** Runs a command to its end, and gives back what it printed. */
    fun bonafide(vararg words: String): String = run(builder(*words))

    fun run(vararg words: String): String = run(ProcessBuilder(*words))

    private fun run(builder: ProcessBuilder): String {
        val errors = File(folder, "errors.log")
        val running = builder.redirectError(errors).redirectInput(File("/dev/null")).start()
        val printed = running.inputStream.readBytes().decodeToString()
        check(running.waitFor(1, TimeUnit.MINUTES) && running.exitValue() == 0) { "${builder.command()}: $printed${errors.readText()}" }
        return printed
    }

    private fun builder(vararg words: String): ProcessBuilder {
        val binary = File(System.getProperty("bonafide.binary"))
        check(binary.canExecute()) { "there is no $binary: run `cargo build --package bonafide-cli`, or give -Dbonafide.binary" }
        return ProcessBuilder(binary.path, "--data", data.path, *words)
    }

    private fun ready(): Boolean =
        try {
            (URI("http://127.0.0.1:$operatorPort/readyz").toURL().openConnection() as HttpURLConnection).responseCode == 200
        } catch (_: java.io.IOException) {
            false
        }

    override fun close() {
        process?.destroy()
        process?.waitFor()
    }

    private companion object {
        const val ATTEMPTS = 600
        const val PAUSE_MILLIS = 100L

        fun freePort() = ServerSocket(0).use { it.localPort }
    }
}
