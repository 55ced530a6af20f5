package io.bonafide.android.key

import io.bonafide.platform.KeyFacts
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec

/** A vault in memory: AndroidKeyStore is not there under Robolectric. Real keys and signatures, no attestation. */
internal class SoftwareVault : KeyVault {
    /** Thrown by each call that is named, until it is taken away. */
    val failures = mutableMapOf<String, () -> Exception>()
    val calls = mutableListOf<String>()
    var storeWorks = true

    @Volatile private var pair: KeyPair? = null

    private fun calling(name: String) {
        synchronized(calls) { calls += name }
        failures[name]?.let { throw it() }
    }

    override fun publicKey(): ECPublicKey? {
        calling("publicKey")
        return pair?.public as ECPublicKey?
    }

    override fun level(): KeyFacts.Level = KeyFacts.Level.SOFTWARE

    override fun chain(): List<ByteArray> = emptyList()

    override fun generate(
        challenge: ByteArray?,
        strongBox: Boolean,
    ) {
        calling(if (strongBox) "generate in StrongBox" else "generate")
        pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
    }

    override fun sign(message: ByteArray): ByteArray? {
        calling("sign")
        val key = pair?.private ?: return null
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(message)
            sign()
        }
    }

    override fun delete() {
        calling("delete")
        pair = null
    }

    override fun works(): Boolean {
        calling("works")
        return storeWorks
    }
}
