package io.bonafide.platform

/** The P-256 key that identifies the installation. Every function may block for seconds. */
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
}

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
