package io.bonafide.android.key

import java.io.ByteArrayOutputStream
import java.math.BigInteger
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.PublicKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec

/**
 * What a phone's secure world does when it attests a key: real certificates under a root of its own, in the form of the
 * real ones (android.com, "Verifying hardware-backed key pairs with key attestation").
 *
 * @property packageName the app that the description names.
 * @property signer the SHA-256 of the certificate that the app is signed with.
 */
internal class AttestationForge(
    private val packageName: String = "com.example.app",
    private val signer: ByteArray = ByteArray(32) { 0xaa.toByte() },
) {
    private val rootKey = newKey()
    private val intermediateKey = newKey()
    private val attestationKey = newKey()
    private val rootName = name(SERIAL_NUMBER to "f92009e853b6b045")
    private val intermediateName = name(SERIAL_NUMBER to "87f4514475ba0a2b", TITLE to "TEE")
    private val attestationName = name(COMMON_NAME to "65d2949536924da6")

    /** As an operator gives it to the service. */
    val root: ByteArray = authority(0xabc3, rootName, rootName, rootKey, rootKey)
    private val intermediate = authority(0xabc2, intermediateName, rootName, intermediateKey, rootKey)
    private val attesting = authority(0xabc1, attestationName, intermediateName, attestationKey, intermediateKey)

    fun chain(
        key: PublicKey,
        challenge: ByteArray,
    ): List<ByteArray> {
        val described = extension(DESCRIPTION, octets(description(challenge)))
        val usage = extension(KEY_USAGE, boolean(), octets(tlv(3, byteArrayOf(7, 0x80.toByte()))))
        val subject = name(COMMON_NAME to "Android Keystore Key")
        val leaf = certificate(1, subject, attestationName, key, attestationKey.private, usage + described)
        return listOf(leaf, attesting, intermediate, root)
    }

    private fun description(challenge: ByteArray): ByteArray {
        val app = sequence(set(sequence(octets(packageName.encodeToByteArray()), integer(7))), set(octets(signer)))
        val boot = sequence(octets(ByteArray(32) { 0x11 }), boolean(), enumerated(0), octets(ByteArray(32) { 0x22 }))
        val software = listOf(701 to integer(1_700_000_000_000), 709 to octets(app))
        val hardware =
            listOf(
                1 to set(integer(2)),
                2 to integer(3),
                3 to integer(256),
                5 to set(integer(4)),
                10 to integer(1),
                503 to tlv(5, ByteArray(0)),
                702 to integer(0),
                704 to boot,
                705 to integer(140_000),
                706 to integer(202_408),
            )
        val lists = listOf(software, hardware).map { list -> sequence(list.map { (tag, value) -> explicit(tag, value) }) }
        val head = listOf(integer(300), enumerated(1), integer(300), enumerated(1), octets(challenge), octets(ByteArray(0)))
        return sequence(head + lists)
    }

    companion object {
        private const val DESCRIPTION = "1.3.6.1.4.1.11129.2.1.17"
        private const val BASIC_CONSTRAINTS = "2.5.29.19"
        private const val KEY_USAGE = "2.5.29.15"
        private const val COMMON_NAME = "2.5.4.3"
        private const val SERIAL_NUMBER = "2.5.4.5"
        private const val TITLE = "2.5.4.12"

        private fun authority(
            serial: Long,
            subject: ByteArray,
            issuer: ByteArray,
            key: KeyPair,
            signer: KeyPair,
        ): ByteArray {
            val constraints = extension(BASIC_CONSTRAINTS, boolean(), octets(sequence(boolean())))
            val usage = extension(KEY_USAGE, boolean(), octets(tlv(3, byteArrayOf(2, 4))))
            return certificate(serial, subject, issuer, key.public, signer.private, constraints + usage)
        }

        fun newKey(): KeyPair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()

        /** What AndroidKeyStore makes of a key that it does not attest. */
        fun selfSigned(pair: KeyPair): List<ByteArray> =
            name(COMMON_NAME to "fake").let { listOf(certificate(1, it, it, pair.public, pair.private, ByteArray(0))) }

        private fun certificate(
            serial: Long,
            subject: ByteArray,
            issuer: ByteArray,
            key: PublicKey,
            signer: PrivateKey,
            extensions: ByteArray,
        ): ByteArray {
            val algorithm = sequence(oid("1.2.840.10045.4.3.2"))
            val dates = sequence(listOf("20200101000000Z", "20480101000000Z").map { tlv(0x18, it.encodeToByteArray()) })
            val more = if (extensions.isEmpty()) extensions else explicit(3, sequence(extensions))
            val signed = sequence(explicit(0, integer(2)), integer(serial), algorithm, issuer, dates, subject, key.encoded, more)
            val signature = Signature.getInstance("SHA256withECDSA").apply { initSign(signer).also { update(signed) } }.sign()
            return sequence(signed, algorithm, tlv(3, byteArrayOf(0) + signature))
        }

        private fun name(vararg attributes: Pair<String, String>) =
            sequence(attributes.map { (kind, value) -> set(sequence(oid(kind), tlv(0x0c, value.encodeToByteArray()))) })

        private fun extension(
            kind: String,
            vararg rest: ByteArray,
        ) = sequence(oid(kind), *rest)

        private fun sequence(vararg parts: ByteArray) = sequence(parts.asList())

        private fun sequence(parts: List<ByteArray>) = tlv(0x30, joined(parts))

        private fun set(vararg parts: ByteArray) = tlv(0x31, joined(parts.asList()))

        private fun octets(bytes: ByteArray) = tlv(4, bytes)

        private fun boolean() = tlv(1, byteArrayOf(-1))

        private fun integer(value: Long) = tlv(2, BigInteger.valueOf(value).toByteArray())

        private fun enumerated(value: Int) = tlv(10, byteArrayOf(value.toByte()))

        private fun explicit(
            tag: Int,
            value: ByteArray,
        ): ByteArray {
            val number = if (tag < 31) byteArrayOf((0xa0 or tag).toByte()) else byteArrayOf(0xbf.toByte()) + base128(tag)
            return number + length(value.size) + value
        }

        private fun oid(dotted: String): ByteArray {
            val numbers = dotted.split('.').map { it.toInt() }
            val first = byteArrayOf((numbers[0] * 40 + numbers[1]).toByte())
            return tlv(6, numbers.drop(2).fold(first) { made, number -> made + base128(number) })
        }

        private fun base128(number: Int): ByteArray {
            val groups = generateSequence(number) { it shr 7 }.takeWhile { it > 0 }.map { it and 0x7f }.toList().ifEmpty { listOf(0) }
            return groups.mapIndexed { place, group -> (if (place == 0) group else group or 0x80).toByte() }.reversed().toByteArray()
        }

        private fun tlv(
            tag: Int,
            value: ByteArray,
        ) = byteArrayOf(tag.toByte()) + length(value.size) + value

        private fun length(size: Int): ByteArray =
            when {
                size < 0x80 -> byteArrayOf(size.toByte())
                size < 0x100 -> byteArrayOf(0x81.toByte(), size.toByte())
                else -> byteArrayOf(0x82.toByte(), (size shr 8).toByte(), size.toByte())
            }

        private fun joined(parts: List<ByteArray>) = ByteArrayOutputStream().apply { parts.forEach { write(it) } }.toByteArray()
    }
}
