package io.bonafide.android.key

import io.bonafide.platform.KeyFacts
import java.security.KeyPair
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.util.concurrent.ConcurrentHashMap

/**
 * A vault in memory: AndroidKeyStore is not there under Robolectric. Real keys, signatures and certificates, which a forge
 * of its own attests.
 */
internal class SoftwareVault(
    private val forge: AttestationForge = AttestationForge(),
) : KeyVault {
    private class Held(
        val pair: KeyPair,
        val chain: List<ByteArray>,
        val madeAt: Long,
    )

    /** Thrown by each call that is named, until it is taken away; null lets the call pass. */
    val failures = mutableMapOf<String, () -> Exception?>()
    val calls = mutableListOf<String>()
    var storeWorks = true

    /** Whether it attests what it is asked to. */
    var attests = true
    var level = KeyFacts.Level.HARDWARE

    private val keys = ConcurrentHashMap<String, Held>()
    private var clock = 0L

    val names: Set<String> get() = keys.keys.toSet()
    val points: Set<List<Byte>> get() = keys.values.map { P256Point.of(it.pair.public as ECPublicKey).toList() }.toSet()

    private fun calling(name: String) {
        synchronized(calls) { calls += name }
        failures[name]?.invoke()?.let { throw it }
    }

    override fun publicKey(alias: String): ECPublicKey? {
        calling("publicKey")
        return keys[alias]?.pair?.public as ECPublicKey?
    }

    override fun level(alias: String): KeyFacts.Level = level

    override fun chain(alias: String): List<ByteArray> = keys[alias]?.chain.orEmpty()

    override fun madeAt(alias: String): Long? = keys[alias]?.madeAt

    override fun generate(
        alias: String,
        challenge: ByteArray?,
        strongBox: Boolean,
    ) {
        calling(if (strongBox) "generate in StrongBox" else "generate")
        if (challenge != null) calling("attest")
        val pair = AttestationForge.newKey()
        val chain = challenge?.takeIf { attests }?.let { forge.chain(pair.public, it) } ?: AttestationForge.selfSigned(pair)
        keys[alias] = Held(pair, chain, ++clock)
    }

    override fun sign(
        alias: String,
        message: ByteArray,
    ): ByteArray? {
        calling("sign")
        val key = keys[alias]?.pair?.private ?: return null
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(message)
            sign()
        }
    }

    override fun delete(alias: String) {
        calling("delete")
        keys.remove(alias)
    }

    override fun works(): Boolean {
        calling("works")
        return storeWorks
    }
}
