package org.rustls.platformverifier

/**
 * What Android decided; the native side reads both fields by their names.
 *
 * @property code a [Verdict]'s.
 * @property message why not; null only where [code] is [Verdict.OK]'s.
 */
internal class VerificationResult(
    verdict: Verdict,
    @JvmField val message: String? = null,
) {
    @JvmField val code: Int = verdict.code

    /** The numbers that the native side knows. */
    enum class Verdict(
        val code: Int,
    ) {
        OK(0),
        UNAVAILABLE(1),
        EXPIRED(2),
        UNKNOWN_CERTIFICATE(3),
        INVALID_ENCODING(5),
        INVALID_EXTENSION(6),
    }
}
