package io.bonafide.android.key

import java.math.BigInteger
import java.security.InvalidKeyException
import java.security.interfaces.ECPublicKey

/** A public key as SEC 1 section 2.3.3 writes it, uncompressed. */
internal object P256Point {
    private const val SIZE = 32
    private const val UNCOMPRESSED: Byte = 4

    /**
     * @return 65 bytes, `04 ‖ x ‖ y`.
     * @throws InvalidKeyException for a point that is too large for P-256. Whether it is on the curve, the core looks.
     */
    fun of(key: ECPublicKey): ByteArray = byteArrayOf(UNCOMPRESSED) + padded(key.w.affineX) + padded(key.w.affineY)

    private fun padded(number: BigInteger): ByteArray {
        val digits = number.toByteArray().dropWhile { it == 0.toByte() }
        if (number.signum() < 0 || digits.size > SIZE) throw InvalidKeyException("the key store's key is not on P-256")
        return ByteArray(SIZE - digits.size) + digits
    }
}
