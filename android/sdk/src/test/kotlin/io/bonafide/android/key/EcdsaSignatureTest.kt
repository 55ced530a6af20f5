package io.bonafide.android.key

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.SignatureException
import java.security.spec.ECGenParameterSpec

class EcdsaSignatureTest {
    private fun bytes(hex: String) = hex.filterNot { it == ' ' }.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    private val full = "11".repeat(32)

    @Test
    fun `what is not the one DER form of a P-256 signature is refused`() {
        val cases =
            mapOf(
                "nothing" to "",
                "a tag alone" to "30",
                "an empty sequence" to "30 00",
                "another tag" to "31 06 02 01 01 02 01 01",
                "one number" to "30 03 02 01 01",
                "three numbers" to "30 09 02 01 01 02 01 01 02 01 01",
                "a byte after it" to "30 06 02 01 01 02 01 01 00",
                "a length too long" to "30 07 02 01 01 02 01 01",
                "a length too short" to "30 05 02 01 01 02 01 01",
                "the long form of a length" to "30 81 06 02 01 01 02 01 01",
                "the indefinite form" to "30 80 02 01 01 02 01 01 00 00",
                "a number that is none" to "30 05 02 00 02 01 01",
                "zero as R" to "30 06 02 01 00 02 01 01",
                "zero as S" to "30 06 02 01 01 02 01 00",
                "a negative R" to "30 06 02 01 81 02 01 01",
                "a needless zero" to "30 07 02 02 00 01 02 01 01",
                "another type within" to "30 06 03 01 01 02 01 01",
                "33 bytes of R" to "30 26 02 21 01 $full 02 01 01",
                "an R that goes past the end" to "30 06 02 7f 01 02 01 01",
                "an S that goes past the end" to "30 06 02 01 01 02 02 01",
            )
        for ((what, hex) in cases) {
            assertThrows(what, SignatureException::class.java) { EcdsaSignature.toJose(bytes(hex)) }
        }
    }

    @Test
    fun `short numbers are filled up, and a sign byte is left out`() {
        val padded = EcdsaSignature.toJose(bytes("30 06 02 01 01 02 01 7f"))
        assertEquals(64, padded.size)
        assertEquals(listOf<Byte>(1, 127), listOf(padded[31], padded[63]))
        assertEquals(2, padded.count { it != 0.toByte() })
        val highest = EcdsaSignature.toJose(bytes("30 26 02 21 00 ff $full".dropLast(2) + "02 01 05"))
        assertEquals((-1).toByte(), highest[0])
    }

    @Test
    fun `real signatures verify in JOSE's form`() {
        val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        // Enough that some have a short R or S.
        for (round in 0 until 600) {
            val message = byteArrayOf(round.toByte(), (round shr 8).toByte())
            val der = Signature.getInstance("SHA256withECDSA").run { initSign(pair.private).also { update(message) }.let { sign() } }
            val verifier = Signature.getInstance("SHA256withECDSAinP1363Format").apply { initVerify(pair.public).also { update(message) } }
            assertTrue("round $round", verifier.verify(EcdsaSignature.toJose(der)))
        }
    }
}
