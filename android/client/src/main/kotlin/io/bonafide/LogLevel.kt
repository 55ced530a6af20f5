package io.bonafide

/** How much Bonafide logs, under the name `io.bonafide`. No level shows user data, a token, a key or a full URL. */
public enum class LogLevel {
    /** Nothing. */
    OFF,

    /** What needs somebody to act. */
    ERROR,

    /** Mismatches, refused documents, records that were set aside. */
    WARN,

    /** What changed: a start, a new config. */
    INFO,

    /** Every step. */
    DEBUG,
}
