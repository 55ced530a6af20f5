package io.bonafide

/**
 * What every failure of Bonafide has in common, whatever exception class a transport needs it to be.
 *
 * Catch `IOException` as always, and ask `if (e is BonafideFailure)` to learn more. The classes are [BonafideException]
 * and, where no pin matched, [PinMismatchException].
 */
public interface BonafideFailure {
    /** What went wrong, from a closed list with stable codes. */
    public val code: StatusCode

    /** What the caller should do: try later, warn of an untrusted channel, mend the setup, or report a bug. */
    public val statusClass: StatusClass
        get() = code.statusClass

    /** The facts, by stable names such as `host`; never a token, a key, a path or a query. */
    public val facts: Map<String, String>

    /** What to do next, with the facts filled in; for instance the command to run. */
    public val nextStep: String
}
