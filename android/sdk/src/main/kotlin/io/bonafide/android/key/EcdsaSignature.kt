package io.bonafide.android.key

import java.security.SignatureException

/** A P-256 signature: from the form that Java has (X9.62, DER) to the one that JOSE has (RFC 7518 section 3.4). */
internal object EcdsaSignature {
    private const val SEQUENCE = 0x30
    private const val INTEGER = 0x02
    private const val SIZE = 32

    /**
     * Strict: one way to write each signature, and no byte besides.
     *
     * @return 64 bytes, R and S, big-endian.
     * @throws SignatureException for everything that is not the DER form of a P-256 signature.
     */
    fun toJose(der: ByteArray): ByteArray {
        val reader = Reader(der)
        if (reader.byte() != SEQUENCE || reader.length() != der.size - 2) throw malformed()
        val joined = ByteArray(2 * SIZE)
        reader.integerInto(joined, end = SIZE)
        reader.integerInto(joined, end = 2 * SIZE)
        if (!reader.atEnd) throw malformed()
        return joined
    }

    private class Reader(
        private val bytes: ByteArray,
    ) {
        private var at = 0

        val atEnd: Boolean get() = at == bytes.size

        fun byte(): Int = if (atEnd) throw malformed() else bytes[at++].toInt() and 0xff

        /** The long form is not needed for a P-256 signature, and so not allowed. */
        fun length(): Int = byte().also { if (it > 0x7f) throw malformed() }

        /** A positive number without a needless zero in front, right-aligned. */
        fun integerInto(
            target: ByteArray,
            end: Int,
        ) {
            if (byte() != INTEGER) throw malformed()
            val length = length()
            if (length == 0 || length > bytes.size - at) throw malformed()
            val first = bytes[at].toInt()
            val padded = first == 0
            if (first < 0 || (padded && (length == 1 || bytes[at + 1] >= 0))) throw malformed()
            val digits = if (padded) length - 1 else length
            if (digits > SIZE) throw malformed()
            bytes.copyInto(target, end - digits, at + length - digits, at + length)
            at += length
        }
    }

    private fun malformed() = SignatureException("the key store's signature is not of the form that P-256 has")
}
