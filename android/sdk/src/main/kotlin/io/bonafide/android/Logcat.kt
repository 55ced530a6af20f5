package io.bonafide.android

import android.util.Log
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger

/**
 * Brings the log's lines for debugging to logcat. Android's own handler brings the others, and drops these: its logger
 * stands at `INFO`, and so does the tag. What the core logs at all, [io.bonafide.StartOptions.logLevel] has decided.
 */
internal object Logcat : Handler() {
    /** Held, since a logger that nobody holds forgets its handlers. */
    private val logger = Logger.getLogger(TAG)

    /** Again is free. */
    fun install() {
        if (this in logger.handlers) return
        // What the app has set stays.
        if (logger.level == null) logger.level = Level.FINE
        logger.addHandler(this)
    }

    override fun publish(record: LogRecord) {
        // With the tag switched on, Android's own brings them.
        if (record.level.intValue() >= Level.INFO.intValue() || Log.isLoggable(TAG, Log.DEBUG)) return
        Log.println(Log.DEBUG, TAG, "${record.sourceClassName}: ${record.message}")
    }

    override fun flush() = Unit

    override fun close() = Unit
}

private const val TAG = "io.bonafide"
