package io.bonafide.sample

import com.android.tools.r8.ArchiveProgramResourceProvider
import com.android.tools.r8.JdkClassFileProvider
import com.android.tools.r8.OutputMode
import com.android.tools.r8.R8
import com.android.tools.r8.R8Command
import com.android.tools.r8.origin.Origin
import io.bonafide.okhttp.support.Authority
import io.bonafide.okhttp.support.WebSocketProbe
import io.bonafide.okhttp.support.loopback
import io.bonafide.okhttp.support.pin
import io.bonafide.testing.FakeProtection
import mockwebserver3.MockResponse
import mockwebserver3.MockWebServer
import okhttp3.OkHttpClient
import okhttp3.tls.HandshakeCertificates
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.nio.file.Files
import java.security.KeyStore
import java.util.concurrent.TimeUnit

/** Shrinks [ShrunkApp] with all that an app is made of, and runs what is left: on this JVM, with no Android needed. */
class ShrunkTest {
    private val folder = Files.createTempDirectory(Built.work.toPath(), "run").toFile()
    private val authority = Authority()
    private val leaf = authority.leaf("localhost")

    @Test
    fun `what R8 leaves of OkHttp is protected, WebSockets too`() {
        val app = shrunk()
        assertFalse("okhttp3.Call" in Built.classesIn(app), "OkHttp is not shrunk at all")
        MockWebServer().use { server ->
            server.useHttps(HandshakeCertificates.Builder().heldCertificate(leaf).build().sslSocketFactory())
            server.enqueue(MockResponse(body = "ok"))
            server.enqueue(WebSocketProbe.hello())
            server.start(loopback, 0)
            assertEquals(listOf("ok", "hello", "[]"), run(app, server.port.toString(), leaf.pin))
            val tokens = List(2) { server.takeRequest().headers[FakeProtection.TOKEN_HEADER] }
            assertEquals(List(2) { FakeProtection.DEFAULT_TOKEN }, tokens)
        }
    }

    /** With the rules that an app gets from the AARs, and as class files, without resources, in place of dex. */
    private fun shrunk(): File {
        val app = File(folder, "app.jar")
        val parts =
            listOf("annotations", "bonafide-client", "bonafide-okhttp", "kotlin-stdlib", "kotlinx-coroutines", "okio").map(Built::jar) +
                listOf(OkHttpClient::class, FakeProtection::class).map { it.java.archive } +
                File(ShrunkApp::class.java.archive, ShrunkApp::class.java.name.replace('.', '/') + ".class")
        // Names of tests are not names of an app.
        val suite = WebSocketProbe::class.java.archive
        R8.run(
            R8Command
                .builder(Silent)
                .addProgramFiles(parts.map { it.toPath() })
                .addProgramResourceProvider(ArchiveProgramResourceProvider.fromArchive(suite.toPath()) { "WebSocketProbe" in it })
                .addLibraryResourceProvider(Partial(JdkClassFileProvider.fromSystemJdk()))
                .addProguardConfigurationFiles(listOf("bonafide", "okhttp").map { File(Built.unpacked(it), "proguard.txt").toPath() })
                .addProguardConfiguration(listOf(MAIN, INSIDE_OF_JAVA), Origin.unknown())
                .setOutput(app.toPath(), OutputMode.ClassFile, false)
                .build(),
        )
        return app
    }

    /** What the app prints, line by line; it trusts the authority as a phone trusts its own. */
    private fun run(
        app: File,
        vararg arguments: String,
    ): List<String> {
        val roots = KeyStore.getInstance("PKCS12").apply { load(null) }
        roots.setCertificateEntry("root", authority.root.certificate)
        val store = File(folder, "roots.p12").apply { outputStream().use { roots.store(it, PASSWORD.toCharArray()) } }
        val printed = File(folder, "printed")
        val trust = listOf("-Djavax.net.ssl.trustStore=$store", "-Djavax.net.ssl.trustStorePassword=$PASSWORD")
        val java = File(System.getProperty("java.home"), "bin/java").path
        val child =
            ProcessBuilder(listOf(java) + trust + listOf("-cp", app.path, ShrunkApp::class.java.name) + arguments)
                .redirectErrorStream(true)
                .redirectOutput(printed)
                .start()
        try {
            assertTrue(child.waitFor(1, TimeUnit.MINUTES), "it goes on and on: ${printed.readText()}")
        } finally {
            child.destroyForcibly()
        }
        return printed.readLines()
    }

    private val Class<*>.archive get() = File(protectionDomain.codeSource.location.toURI())

    private companion object {
        const val PASSWORD = "of a test"
        val MAIN = "-keep class ${ShrunkApp::class.java.name} { void main(...); }"

        /** What [Partial] leaves out. */
        const val INSIDE_OF_JAVA = "-dontwarn jdk.internal.**,sun.**"
    }
}
