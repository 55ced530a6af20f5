package io.bonafide.platform

/** The platform's own statement about app, key and device. May block for seconds. */
@PlatformApi
public fun interface Evidence {
    /**
     * Evidence as JSON, in the form that the attestation service reads; null where none is due.
     *
     * What is thrown means: not now.
     *
     * @param boundHash the 32 bytes that the evidence has to carry.
     * @param keyBoundHash the same where the attested key is the install key itself.
     */
    public fun evidence(
        boundHash: ByteArray,
        keyBoundHash: ByteArray,
    ): String?
}
