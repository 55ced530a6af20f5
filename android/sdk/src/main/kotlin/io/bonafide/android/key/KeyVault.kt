package io.bonafide.android.key

import io.bonafide.platform.KeyFacts
import java.security.GeneralSecurityException
import java.security.ProviderException
import java.security.interfaces.ECPublicKey

/**
 * A store that holds one P-256 key and never gives it away. One implementation asks AndroidKeyStore; it throws whatever
 * that throws, and [KeyFailures] tells what it means.
 */
internal interface KeyVault {
    /** The public key; null when there certainly is none, since then one is made. What cannot be read now is thrown. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun publicKey(): ECPublicKey?

    /** Where the key is held. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun level(): KeyFacts.Level

    /** The attestation chain as DER, leaf first; one self-made certificate where the key was made without a challenge. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun chain(): List<ByteArray>

    /**
     * Makes a new key in place of the one that there is.
     *
     * @param challenge what the attestation has to carry; null: no attestation.
     */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun generate(
        challenge: ByteArray?,
        strongBox: Boolean,
    )

    /** An ECDSA signature with SHA-256 as DER; null when there is no key. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun sign(message: ByteArray): ByteArray?

    /** Removes the key. Fine if there is none. */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun delete()

    /** Makes, uses and removes a key beside this one: tells a store that does not work from a key that does not. */
    fun works(): Boolean
}
