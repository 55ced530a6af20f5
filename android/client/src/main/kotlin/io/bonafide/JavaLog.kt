package io.bonafide

import java.util.logging.Level
import java.util.logging.Logger

/** The facade's own log lines, where the core's go too. */
internal object JavaLog {
    private val logger = Logger.getLogger("io.bonafide")

    fun log(
        level: Level,
        source: String,
        message: String,
    ) = logger.logp(level, source, null, message)

    fun warn(message: String) = log(Level.WARNING, "io.bonafide", message)

    fun failedStart(failure: BonafideException) = log(Level.SEVERE, "io.bonafide", "the start failed: ${failure.message}")
}
