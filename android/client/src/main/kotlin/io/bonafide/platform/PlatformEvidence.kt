package io.bonafide.platform

/**
 * A platform's statement about app and device, made on demand. Key Attestation is not among them: it is made with the key
 * ([InstallKey.makeCandidate]). An app only hands one to the start.
 */
public interface PlatformEvidence {
    /** Whose statement it is. */
    @PlatformApi
    public val kind: Kind

    /**
     * A statement that carries this hash. May block for seconds; the core waits ten, and never calls twice at once.
     *
     * @param boundHash 32 bytes (docs/protocol.md, section 4.5).
     * @return the statement as the platform gave it.
     * @throws EvidenceFailure why there is none, and whether it pays to ask again.
     */
    @PlatformApi
    @Throws(EvidenceFailure::class)
    public fun statement(boundHash: ByteArray): String

    /** Whose statement. */
    @PlatformApi
    public enum class Kind {
        /** Google Play Integrity, a classic request. */
        PLAY_INTEGRITY,
    }
}

/**
 * Why there is no statement. The token request goes without it, and the server judges that.
 *
 * @property kind what follows from it.
 */
@PlatformApi
public class EvidenceFailure(
    public val kind: Kind,
    message: String,
    cause: Throwable? = null,
) : Exception(message, cause) {
    /** What follows from a failure. Complete. */
    public enum class Kind {
        /** Not now: busy, throttled, no network. Asked again later. */
        UNAVAILABLE,

        /** Never on this device. Not asked again before the next start. */
        UNSUPPORTED,
    }
}
