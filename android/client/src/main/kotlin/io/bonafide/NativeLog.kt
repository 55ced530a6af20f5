package io.bonafide

import io.bonafide.internal.generated.setLogger
import java.util.logging.Level
import io.bonafide.internal.generated.LogLevel as GeneratedLevel
import io.bonafide.internal.generated.Logger as GeneratedLogger

/** Hands the core's log to java.util.logging (on Android: to logcat), under `io.bonafide`. */
internal object NativeLog : GeneratedLogger {
    fun forwardTo(level: LogLevel) {
        setLogger(level.toNative(), this)
    }

    override fun log(
        level: GeneratedLevel,
        target: String,
        message: String,
    ) {
        JavaLog.log(level.toJava(), target, message)
    }
}

private fun LogLevel.toNative(): GeneratedLevel =
    when (this) {
        LogLevel.OFF -> GeneratedLevel.OFF
        LogLevel.ERROR -> GeneratedLevel.ERROR
        LogLevel.WARN -> GeneratedLevel.WARN
        LogLevel.INFO -> GeneratedLevel.INFO
        LogLevel.DEBUG -> GeneratedLevel.DEBUG
    }

private fun GeneratedLevel.toJava(): Level =
    when (this) {
        GeneratedLevel.OFF -> Level.OFF
        GeneratedLevel.ERROR -> Level.SEVERE
        GeneratedLevel.WARN -> Level.WARNING
        GeneratedLevel.INFO -> Level.INFO
        GeneratedLevel.DEBUG -> Level.FINE
    }
