package io.bonafide

/**
 * How a [ManagedProtection] is doing: a copy that does not change.
 *
 * @property phase how far it has come.
 * @property failure what stopped the start; null unless [phase] is [Phase.FAILED].
 * @property configRevision counts the configs of this process, from 1; 0 while not started.
 * @property epoch the epoch of the config in force; 0 while not started.
 * @property version the version of the config in force; 0 while not started.
 * @property lastContactMillis since the service was last heard of, in milliseconds; null: never.
 * @property configFailure why the last try for a config failed; null when it succeeded or there was none.
 * @property tokenFailure why the last try for a token failed; null when it succeeded or there was none.
 * @property reportFailure why the last try to send reports failed; null when it succeeded or there was none.
 * @property memoryOnly why what is learnt does not survive the process; null when it does.
 * @property storedRecord what became of the stored config at start: `absent`, `used`, `superseded`, `damaged`,
 *   `restored`, `untrusted` or `unreadable`; null while not started.
 * @property keyLevel how the install key is held: `hardware`, `platform` or `software`; null before its first use.
 * @property developmentKey the id of the development key that this build carries; null for a build as it is released.
 * @property tokenTrace the trace id of the last token request: the service's log and the gateway's have it too.
 * @property installationId the id that the service gave this installation; null before it did.
 */
public class ProtectionStatus internal constructor(
    public val phase: Phase,
    public val failure: BonafideFailure? = null,
    public val configRevision: Long = 0,
    public val epoch: Long = 0,
    public val version: Long = 0,
    public val lastContactMillis: Long? = null,
    public val configFailure: StatusCode? = null,
    public val tokenFailure: StatusCode? = null,
    public val reportFailure: StatusCode? = null,
    public val memoryOnly: String? = null,
    public val storedRecord: String? = null,
    public val keyLevel: String? = null,
    public val installationId: String? = null,
    public val developmentKey: String? = null,
    public val tokenTrace: String? = null,
) {
    /** How far a protection has come. */
    public enum class Phase {
        /** `start` has not been called. */
        NOT_STARTED,

        /** `start` was called and is at work. */
        STARTING,

        /** It protects. */
        RUNNING,

        /** The start failed; `start` may be called again. */
        FAILED,

        /** It was closed, for good. */
        CLOSED,
    }

    /** One line for a log, of what is known. */
    override fun toString(): String =
        listOfNotNull(
            "$phase",
            failure?.let { "failure ${it.code.wireName}" },
            "config $epoch/$version".takeIf { version != 0L },
            storedRecord?.let { "stored config $it" },
            keyLevel?.let { "key $it" },
            configFailure?.let { "no config: ${it.wireName}" },
            tokenFailure?.let { "no token: ${it.wireName}" },
            reportFailure?.let { "no report: ${it.wireName}" },
            memoryOnly?.let { "nothing is kept: $it" },
            developmentKey?.let { "DEVELOPMENT BUILD $it" },
        ).joinToString()
}
