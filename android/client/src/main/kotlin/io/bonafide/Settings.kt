package io.bonafide

import java.io.File

/**
 * What a start is given. Everything after [appVersion] has a default.
 *
 * @property initialConfig the file that the operator's `bonafide config export` wrote.
 * @property storage a folder of Bonafide's own for the newest config, the install key and reports that wait; made if it
 *   is not there. It must not be part of a backup. Two accounts in one app need two.
 * @property appId the app's name as it was registered with `bonafide app register`.
 * @property appVersion the version that people read.
 * @property appBuild the version that machines compare; empty where there is none.
 * @property artifacts the files that make up the app, whose digests are measured; null: those that the platform names.
 * @property requestTimeoutMillis the most that a call of this API waits, in milliseconds, unless it says otherwise.
 * @property developmentKey for a developer's build, the key that `bonafide device dev-key create` showed; null in a release.
 *   With one, every token is for the audience's `+dev` twin, which the API itself refuses: a release that carries a key
 *   by mistake gets through nowhere, and says so in its log at each start. It belongs into a debug build's code or into
 *   a file that is not committed, never into what is released.
 * @property logLevel how much is logged. The log is the process's: the last start wins.
 */
public class Settings
    @JvmOverloads
    constructor(
        public val initialConfig: InitialConfig,
        public val storage: File,
        public val appId: String,
        public val appVersion: String,
        public val appBuild: String = "",
        artifacts: List<File>? = null,
        public val requestTimeoutMillis: Long = DEFAULT_TIMEOUT_MILLIS,
        public val logLevel: LogLevel = LogLevel.INFO,
        public val developmentKey: String? = null,
    ) {
        public val artifacts: List<File>? = artifacts?.toList()

        init {
            require(requestTimeoutMillis > 0) { "requestTimeoutMillis is not positive: $requestTimeoutMillis" }
        }

        internal companion object {
            const val DEFAULT_TIMEOUT_MILLIS = 5_000L
        }
    }
