package io.bonafide.platform

/**
 * The P-256 key that identifies the installation. Every function but [attests] may block for seconds.
 *
 * Where the platform attests keys at their making, the core has another one made beside the key in use, the *candidate*,
 * sends its attestation, and has it take over once the service has answered. The processes of one app share the candidate
 * as they share the key.
 */
@PlatformApi
public interface InstallKey {
    /**
     * The key, made now if there is none yet. Several processes of one app get the same key.
     *
     * @throws InstallKeyException why not, and whether a new one has to be made.
     */
    @Throws(InstallKeyException::class)
    public fun loadOrCreate(): KeyFacts

    /**
     * Signs with ECDSA and SHA-256.
     *
     * @return 64 bytes, R and S, big-endian (RFC 7518 section 3.4).
     * @throws InstallKeyException why not, and whether a new one has to be made.
     */
    @Throws(InstallKeyException::class)
    public fun sign(message: ByteArray): ByteArray

    /** Removes the key. Fine if there is none. */
    @Throws(InstallKeyException::class)
    public fun reset()

    /**
     * Whether the platform attests keys at their making; answers at once. Where it does not, which is what this says by
     * itself, none of the functions below is called. It may turn to false once the platform has shown that it cannot.
     */
    public fun attests(): Boolean = false

    /** The key, or null: where keys are attested, the first one is made as a candidate. */
    @Throws(InstallKeyException::class)
    public fun load(): KeyFacts? = loadOrCreate()

    /**
     * Makes a candidate; one that was there goes.
     *
     * @param challenge what its attestation carries, 32 bytes.
     */
    @Throws(InstallKeyException::class)
    public fun makeCandidate(challenge: ByteArray): KeyCandidate = throw withoutCandidates()

    /** Signs with the candidate, as [sign] does with the key in use. */
    @Throws(InstallKeyException::class)
    public fun signWithCandidate(message: ByteArray): ByteArray = throw withoutCandidates()

    /**
     * The candidate takes the place of the key in use, at once or not at all; the old key is removed after that.
     *
     * @param point the candidate that is meant, as [KeyFacts.point].
     * @throws InstallKeyException also where another candidate is there: another process has made one meanwhile.
     */
    @Throws(InstallKeyException::class)
    public fun adoptCandidate(point: ByteArray): Unit = throw withoutCandidates()

    /** Removes the candidate. Fine if there is none. */
    @Throws(InstallKeyException::class)
    public fun dropCandidate() {}
}

private fun withoutCandidates() = InstallKeyException(InstallKeyException.Kind.FAILED, "this platform attests no keys")

/**
 * The key's public side.
 *
 * @property point the uncompressed point, `04 ‖ x ‖ y`, 65 bytes (SEC 1 section 2.3.3).
 * @property level how the platform says that it holds the key; what counts is what the evidence proves to the server.
 */
@PlatformApi
public class KeyFacts(
    public val point: ByteArray,
    public val level: Level,
) {
    /** How a key is held. Complete. */
    public enum class Level {
        /** In a file of the app. */
        SOFTWARE,

        /** By the platform, which does not say where. */
        PLATFORM,

        /** In a chip or its secure world. */
        HARDWARE,
    }
}

/**
 * A key that may take the place of the one in use, and what the platform attests of it.
 *
 * @property key its public side.
 * @property chain its attestation: certificates as DER, its own first.
 */
@PlatformApi
public class KeyCandidate(
    public val key: KeyFacts,
    public val chain: List<ByteArray>,
)

/**
 * Why the install key cannot be used.
 *
 * @property kind what follows from it.
 */
@PlatformApi
public class InstallKeyException(
    public val kind: Kind,
    message: String,
    cause: Throwable? = null,
) : Exception(message, cause) {
    /** What follows from a failure. Complete. */
    public enum class Kind {
        /** Not now, but it is there: a locked device, a start before the first unlock. Never remade for this. */
        UNAVAILABLE,

        /** Gone for good. A new one is made, and the service sees a new installation. */
        LOST,

        /** Another failure; tried again later, nothing is remade. */
        FAILED,
    }
}
