package io.bonafide.android.key

import android.security.keystore.KeyGenParameterSpec
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStore
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.ProviderException
import java.security.PublicKey
import java.security.SecureRandom
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration

/**
 * Takes AndroidKeyStore's name and place, in software: Robolectric has none. It answers as the real one does where that
 * counts: a certificate that cannot be read is null, a key that cannot be had is an exception.
 */
internal object StoreDouble {
    class Made(
        val pair: KeyPair,
        val spec: KeyGenParameterSpec,
    ) {
        val madeAt = Date()
    }

    val keys = mutableMapOf<String, Made>()
    var keyFailure: (() -> Exception)? = null
    var certificatesReadable = true

    /** False: as before Android 12, where a store that cannot be reached says that it has no key. */
    var reachable = true

    /** Whether making a key shows that it is reachable again. */
    var reachableAfterMaking = false

    /** How many keys were made, the probes among them. */
    var made = 0

    private val provider =
        object : Provider("AndroidKeyStore", "1", "a double") {
            init {
                put("KeyStore.AndroidKeyStore", Store::class.java.name)
                put("KeyPairGenerator.EC", Generator::class.java.name)
            }
        }

    fun install() {
        keys.clear()
        keyFailure = null
        certificatesReadable = true
        reachable = true
        reachableAfterMaking = false
        made = 0
        java.security.Security.addProvider(provider)
    }

    fun remove() = java.security.Security.removeProvider(provider.name)

    class Generator : KeyPairGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun initialize(
            keysize: Int,
            random: SecureRandom?,
        ) = error("not asked for")

        override fun initialize(
            params: AlgorithmParameterSpec,
            random: SecureRandom?,
        ) {
            spec = params as KeyGenParameterSpec
        }

        override fun generateKeyPair(): KeyPair {
            if (reachableAfterMaking) reachable = true
            if (!reachable) throw ProviderException("cannot be reached")
            made++
            val generator = KeyPairGenerator.getInstance("EC").apply { initialize(spec.algorithmParameterSpec) }
            return generator.generateKeyPair().also { keys[spec.keystoreAlias] = Made(it, spec) }
        }
    }

    /** Holds a public key, and nothing else of a certificate. */
    class Held(
        private val key: PublicKey,
    ) : Certificate("X.509") {
        override fun getEncoded() = key.encoded

        override fun verify(key: PublicKey) = Unit

        override fun verify(
            key: PublicKey,
            provider: String,
        ) = Unit

        override fun toString() = "a double"

        override fun getPublicKey() = key
    }

    class Store : KeyStoreSpi() {
        override fun engineGetKey(
            alias: String,
            password: CharArray?,
        ): Key? {
            keyFailure?.let { throw it() }
            return keys[alias]?.takeIf { reachable }?.pair?.private
        }

        override fun engineGetCertificate(alias: String): Certificate? =
            keys[alias]?.takeIf { certificatesReadable }?.let { Held(it.pair.public) }

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = engineGetCertificate(alias)?.let { arrayOf(it) }

        override fun engineDeleteEntry(alias: String) {
            keys.remove(alias)
        }

        override fun engineLoad(
            stream: InputStream?,
            password: CharArray?,
        ) = Unit

        override fun engineLoad(param: KeyStore.LoadStoreParameter?) = Unit

        override fun engineContainsAlias(alias: String) = alias in keys

        override fun engineIsKeyEntry(alias: String) = alias in keys

        override fun engineSize() = keys.size

        override fun engineGetCreationDate(alias: String): Date? = keys[alias]?.madeAt

        override fun engineSetKeyEntry(
            alias: String,
            key: Key,
            password: CharArray?,
            chain: Array<Certificate>?,
        ) = notAsked()

        override fun engineSetKeyEntry(
            alias: String,
            key: ByteArray,
            chain: Array<Certificate>?,
        ) = notAsked()

        override fun engineSetCertificateEntry(
            alias: String,
            cert: Certificate,
        ) = notAsked()

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(keys.keys.filter { reachable })

        override fun engineIsCertificateEntry(alias: String): Boolean = notAsked()

        override fun engineGetCertificateAlias(cert: Certificate): String = notAsked()

        override fun engineStore(
            stream: OutputStream?,
            password: CharArray?,
        ) = notAsked()

        private fun notAsked(): Nothing = error("not asked for")
    }
}
