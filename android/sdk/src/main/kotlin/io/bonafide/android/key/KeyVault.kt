package io.bonafide.android.key

import io.bonafide.platform.KeyFacts
import java.security.GeneralSecurityException
import java.security.ProviderException
import java.security.interfaces.ECPublicKey

/**
 * A store that holds P-256 keys by their names and never gives one away. One implementation asks AndroidKeyStore; it
 * throws whatever that throws, and [KeyFailures] tells what it means.
 */
internal interface KeyVault {
    /** The public key; null when there certainly is none, since then one is made. What cannot be read now is thrown. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun publicKey(alias: String): ECPublicKey?

    /** Where the key is held. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun level(alias: String): KeyFacts.Level

    /** The attestation chain as DER, its own certificate first; one self-made certificate where nothing was attested. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun chain(alias: String): List<ByteArray>

    /** When the key was made, by the phone's clock, Unix milliseconds; null where the store does not say. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun madeAt(alias: String): Long?

    /**
     * Makes a new key in place of the one that has this name.
     *
     * @param challenge what the attestation has to carry; null: no attestation.
     */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun generate(
        alias: String,
        challenge: ByteArray?,
        strongBox: Boolean,
    )

    /** An ECDSA signature with SHA-256 as DER; null when there is no key. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun sign(
        alias: String,
        message: ByteArray,
    ): ByteArray?

    /** Removes the key. Fine if there is none. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun delete(alias: String)

    /** Makes, uses and removes a key beside the others: tells a store that does not work from a key that does not. */
    fun works(): Boolean
}
