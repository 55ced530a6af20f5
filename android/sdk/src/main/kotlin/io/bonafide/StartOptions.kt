package io.bonafide

import io.bonafide.platform.PlatformEvidence

/**
 * What an Android start may be given; everything has a default.
 *
 * @property initialConfig where the file comes from that `bonafide config export` wrote; null: `assets/bonafide.config`.
 * @property name keeps protections of one app apart, in storage and key store: two accounts need two. Letters, digits,
 *   `.`, `_` and `-`, not beginning with a dot, at most 64.
 * @property requestTimeoutMillis the most that a call of this API waits, in milliseconds, unless it says otherwise.
 * @property logLevel how much is logged, to logcat. The log is the process's: the last start wins.
 * @property strongBox whether the install key is made in StrongBox where there is one. It is slower by seconds on many
 *   phones; the default is the trusted execution environment, which is hardware too.
 * @property evidence what states to the service that app and device are sound, beside Key Attestation, which comes with
 *   the install key: `PlayIntegrity` of `bonafide-play-integrity`; null: nothing.
 * @property developmentKey for a developer's build, the key that `bonafide device dev-key create` showed; null in a release.
 *   With one, every token is for the audience's `+dev` twin, which the API itself refuses.
 * @throws IllegalArgumentException for a name or limit that cannot be used.
 */
public class StartOptions
    @JvmOverloads
    constructor(
        public val initialConfig: InitialConfig? = null,
        public val name: String = DEFAULT_NAME,
        public val requestTimeoutMillis: Long = DEFAULT_TIMEOUT_MILLIS,
        public val logLevel: LogLevel = LogLevel.INFO,
        public val strongBox: Boolean = false,
        public val evidence: PlatformEvidence? = null,
        public val developmentKey: String? = null,
    ) {
        init {
            require(NAME.matches(name)) { "the name cannot be a folder's: $name" }
            require(requestTimeoutMillis > 0) { "requestTimeoutMillis is not positive: $requestTimeoutMillis" }
        }

        private companion object {
            const val DEFAULT_NAME = "default"
            const val DEFAULT_TIMEOUT_MILLIS = 5_000L
            val NAME = Regex("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
        }
    }
