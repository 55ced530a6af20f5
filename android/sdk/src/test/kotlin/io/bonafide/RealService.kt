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
    private val log = File(folder, "serve.log")
    private var process: Process? = null

    fun start() {
        repeat(PORTS_TRIED) {
            if (comesUp()) return
        }
        error("its ports were always taken: ${log.readText()}")
    }

    /** Sets it up with ports of its own, and starts it; false if somebody else has taken one of them meanwhile. */
    private fun comesUp(): Boolean {
        val (port, operatorPort) = freePorts()
        data.deleteRecursively()
        bonafide("init", "--account", "acme", "--url", "https://127.0.0.1:$port", "--private-ca")
        val listen = arrayOf("--listen", "127.0.0.1:$port", "--operator-listen", "127.0.0.1:$operatorPort")
        val started = builder("serve", *listen).redirectErrorStream(true).redirectOutput(log).start()
        process = started
        repeat(ATTEMPTS) {
            if (!started.isAlive) {
                val said = log.readText()
                check("is in use" in said) { said }
                return false
            }
            if (ready(operatorPort)) return true
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

    private fun ready(operatorPort: Int): Boolean =
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
        const val PORTS_TRIED = 5

        /** Two that are not the same. */
        fun freePorts() = ServerSocket(0).use { one -> ServerSocket(0).use { other -> one.localPort to other.localPort } }
    }
}
