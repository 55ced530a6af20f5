package io.bonafide

import io.bonafide.android.AndroidLaunch
import io.bonafide.android.NativeLibrary
import io.bonafide.android.StorageFolder
import io.bonafide.android.key.AttestationForge
import io.bonafide.android.key.KeyLock
import io.bonafide.android.key.KeyPointer
import io.bonafide.android.key.KeySlots
import io.bonafide.android.key.SoftwareVault
import io.bonafide.android.key.VaultInstallKey
import io.bonafide.okhttp.support.Authority
import io.bonafide.okhttp.support.TlsServer
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.platform.Platform
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.robolectric.annotation.Config
import java.io.File
import java.nio.file.FileSystems
import java.nio.file.Files
import java.security.MessageDigest
import java.util.Base64

/**
 * From the key store to the verdict: this facade, the host's core and the real service. The key store is in software and
 * attests under a root of its own, which the operator gives to the service; nothing else is made up.
 */
@Config(sdk = [35])
class AttestedTest : OnAndroid() {
    @get:Rule
    val temporary = TemporaryFolder()

    private val service by lazy { RealService(temporary.root) }
    private val authority = Authority()
    private val api by lazy { TlsServer(authority.leaf("localhost")) }
    private var protection = NativeProtection()
    private val pointer by lazy { File(StorageFolder.of(app, "default"), "install-key.in-use") }

    private fun file(name: String) = File(temporary.root, name)

    @Before
    fun operate() {
        service.start()
        file("ca.pem").writeText(pem(authority.root.certificate.encoded))
        val policy = arrayOf("--platform", "android", "--least-key-level", "hardware", "--backup-pin", foreignPin)
        service.bonafide("api", "add", "https://localhost:${api.port}", "--ca", file("ca.pem").path, *policy, "--yes")
    }

    @After
    fun stop() {
        protection.close()
        api.close()
        service.close()
    }

    /** Signs the app that Robolectric runs, and registers it. Gives back its signer's digest. */
    private fun register(): ByteArray {
        val (keys, apk) = file("keys.jks") to file("app.apk")
        val subject = arrayOf("-alias", "app", "-dname", "CN=app", "-keyalg", "EC", "-validity", "30", "-storepass", "secret")
        service.run("keytool", "-genkeypair", "-keystore", keys.path, *subject)
        val withCode = File("target/app.apk").copyTo(file("with-code.apk"))
        FileSystems.newFileSystem(withCode.toPath()).use { Files.write(it.getPath("classes.dex"), byteArrayOf(1)) }
        service.run("zipalign", "4", withCode.path, apk.path)
        service.run("apksigner", "sign", "--ks", keys.path, "--ks-pass", "pass:secret", "--min-sdk-version", "24", apk.path)
        service.bonafide("app", "register", apk.path)
        val store = java.security.KeyStore.getInstance(keys, "secret".toCharArray())
        return MessageDigest.getInstance("SHA-256").digest(store.getCertificate("app").encoded)
    }

    private fun start(vault: SoftwareVault) {
        service.bonafide("config", "export", "-o", file("bonafide.config").path)
        val options = StartOptions(InitialConfig.of(file("bonafide.config")), requestTimeoutMillis = 60_000)
        val launch = AndroidLaunch(app, options, NativeLibrary {})
        val slots = KeySlots("key", KeyPointer({ pointer }), vault)
        val key = VaultInstallKey(vault, slots, KeyLock { File(pointer.parentFile, "install-key.lock") }, strongBox = false) { true }
        val platform =
            object : Platform by launch.platform {
                override val installKey = key
            }
        protection.start(platform, options.requestTimeoutMillis, launch::settings)
    }

    private fun token(binding: String) = runBlocking { protection.token("https://localhost:${api.port}/", binding.encodeToByteArray()) }

    private fun appraisal() = service.bonafide("--json", "appraisals", "--limit", "1")

    private fun findings() = Regex("\"findings\": \\[([^]]*)]").find(appraisal())!!.groupValues[1].split(',').map { it.trim().trim('"') }

    private fun installation() = Regex("\"installation\": \"([^\"]+)\"").find(appraisal())!!.groupValues[1]

    @Test
    fun `a key that is attested counts as hardware, and so does the one that takes its place`() {
        val vault = SoftwareVault(AttestationForge(app.packageName, register()).also { trust(it) })
        start(vault)
        assertNotNull(token("first"))
        assertEquals(WELL_ATTESTED, findings())
        val installation = installation()
        val before = pointer.readText() to vault.points
        // Evidence of the same second counts as new, and each answer speaks of the requests after it.
        var asked = 0
        while (pointer.readText() == before.first && asked < ATTEMPTS) {
            service.bonafide("evidence", "renew")
            token("again ${asked++}")
        }
        assertNotEquals(before.first, pointer.readText())
        assertNotEquals(before.second, vault.points)
        assertEquals(WELL_ATTESTED, findings())
        assertEquals(installation, installation())
    }

    @Test
    fun `a key that was there before a restore is made anew, and works`() {
        val vault = SoftwareVault(AttestationForge(app.packageName, register()).also { trust(it) })
        start(vault)
        token("before")
        val before = vault.points
        protection.close()
        // What a restore leaves: no file of no_backup, and in the key store whatever it likes.
        pointer.parentFile!!.deleteRecursively()
        protection = NativeProtection()
        start(vault)
        assertNotNull(token("after"))
        assertEquals(emptySet<Any>(), before intersect vault.points)
        assertEquals(WELL_ATTESTED, findings())
    }

    @Test
    fun `a key that another root attests, and one that nobody does, do not`() {
        val signer = register()
        start(SoftwareVault(AttestationForge(app.packageName, signer)))
        token("first")
        assertTrue("${findings()}", "evidence_invalid" in findings())
        protection.close()
        pointer.parentFile!!.deleteRecursively()
        protection = NativeProtection()
        start(SoftwareVault().apply { attests = false })
        token("second")
        assertTrue("${findings()}", "evidence_missing" in findings())
    }

    private fun trust(forge: AttestationForge) {
        file("roots.pem").writeText(pem(forge.root))
        service.bonafide("evidence", "roots", "android-key", file("roots.pem").path)
    }

    private fun pem(der: ByteArray): String {
        val lines = Base64.getMimeEncoder(64, "\n".encodeToByteArray()).encodeToString(der)
        return "-----BEGIN CERTIFICATE-----\n$lines\n-----END CERTIFICATE-----\n"
    }

    private companion object {
        const val ATTEMPTS = 200

        /** This is no installed app, and no list of revocations was given to the service; the key is as it should be. */
        val WELL_ATTESTED = listOf("app_unmeasured", "app_cloned", "revocations_stale")
    }
}
