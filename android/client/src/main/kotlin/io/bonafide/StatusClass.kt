package io.bonafide

/**
 * What the caller should do about a [StatusCode]. Complete: a later version adds no class.
 *
 * @property wireName the class's name in tables and logs.
 */
public enum class StatusClass(
    public val wireName: String,
) {
    /** Try again later; nothing is wrong with the app. */
    RETRY("retry"),

    /** Somebody may be listening: nothing was sent. Retrying by itself is no remedy. */
    UNTRUSTED_CHANNEL("untrusted_channel"),

    /** The developer or the operator has to change something. */
    MISCONFIGURED("misconfigured"),

    /** Bonafide is at fault. */
    BUG("bug"),
}
