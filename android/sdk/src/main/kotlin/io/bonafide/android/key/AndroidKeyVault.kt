package io.bonafide.android.key

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import io.bonafide.android.NewerAndroid
import io.bonafide.platform.KeyFacts
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.KeyStoreException
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec

/**
 * AndroidKeyStore: keys in the trusted execution environment, or in StrongBox. No user authentication is asked for, so
 * that a change of the lock screen does not end a key.
 *
 * @property probe the name of the key that [works] makes and removes.
 * @property tellsAbsence whether the store tells a key that is not there from one that it cannot look for now. Before
 *   Android 12 it does not.
 */
internal class AndroidKeyVault(
    private val probe: String,
    private val tellsAbsence: Boolean,
) : KeyVault {
    constructor(probe: String) : this(probe, Build.VERSION.SDK_INT >= Build.VERSION_CODES.S)

    /**
     * Null only where there is no key: [privateKey] tells that apart from a store that fails. Certificates do not: for
     * AndroidKeyStore one that it cannot read now is one that is not there, and a key would be remade that is only locked.
     */
    override fun publicKey(alias: String): ECPublicKey? {
        privateKey(alias) ?: return null
        return store().getCertificate(alias)?.publicKey as? ECPublicKey ?: throw KeyStoreException("its certificate cannot be read now")
    }

    override fun level(alias: String): KeyFacts.Level {
        val key = privateKey(alias) ?: throw KeyStoreException("there is no key $alias")
        val info = KeyFactory.getInstance(key.algorithm, STORE).getKeySpec(key, KeyInfo::class.java)
        return if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) levelFromS(info) else levelBeforeS(info)
    }

    override fun chain(alias: String): List<ByteArray> = store().getCertificateChain(alias)?.map { it.encoded }.orEmpty()

    override fun madeAt(alias: String): Long? = store().getCreationDate(alias)?.time

    override fun sign(
        alias: String,
        message: ByteArray,
    ): ByteArray? = privateKey(alias)?.let { signature(it, message) }

    override fun delete(alias: String): Unit = store().deleteEntry(alias)

    override fun works(): Boolean =
        try {
            generate(probe, challenge = null, strongBox = false)
            val key = held(probe)?.also { signature(it, byteArrayOf(0)) }
            delete(probe)
            key != null
        } catch (_: GeneralSecurityException) {
            false
        } catch (_: RuntimeException) {
            // ProviderException as a rule; but vendors' stores throw what they like.
            false
        }

    override fun generate(
        alias: String,
        challenge: ByteArray?,
        strongBox: Boolean,
    ) {
        val spec =
            KeyGenParameterSpec
                .Builder(alias, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
        if (challenge != null) spec.setAttestationChallenge(challenge)
        if (strongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) spec.inStrongBox()
        KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, STORE).apply { initialize(spec.build()) }.generateKeyPair()
    }

    private fun signature(
        key: PrivateKey,
        message: ByteArray,
    ): ByteArray =
        Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(message)
            sign()
        }

    /** Null only where there is none: a store that does not tell is first seen to list or to make keys, and asked again. */
    private fun privateKey(name: String): PrivateKey? {
        held(name)?.let { return it }
        if (tellsAbsence) return null
        if (!store().aliases().hasMoreElements() && !works()) throw KeyStoreException("it has no keys, and makes none")
        return held(name)
    }

    private fun held(name: String): PrivateKey? =
        when (val key = store().getKey(name, null)) {
            null -> null
            is PrivateKey -> key
            else -> throw KeyStoreException("under its name lies another kind of key")
        }

    private fun store(): KeyStore =
        try {
            KeyStore.getInstance(STORE).apply { load(null) }
        } catch (e: IOException) {
            throw KeyStoreException(e)
        }

    private companion object {
        const val STORE = "AndroidKeyStore"

        @NewerAndroid(Build.VERSION_CODES.P)
        fun KeyGenParameterSpec.Builder.inStrongBox() {
            setIsStrongBoxBacked(true)
        }

        @NewerAndroid(Build.VERSION_CODES.S)
        fun levelFromS(info: KeyInfo): KeyFacts.Level =
            when (info.securityLevel) {
                KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT,
                KeyProperties.SECURITY_LEVEL_STRONGBOX,
                KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE,
                -> KeyFacts.Level.HARDWARE
                KeyProperties.SECURITY_LEVEL_SOFTWARE -> KeyFacts.Level.SOFTWARE
                else -> KeyFacts.Level.PLATFORM
            }

        @Suppress("DEPRECATION")
        fun levelBeforeS(info: KeyInfo): KeyFacts.Level =
            if (info.isInsideSecureHardware) KeyFacts.Level.HARDWARE else KeyFacts.Level.SOFTWARE
    }
}
