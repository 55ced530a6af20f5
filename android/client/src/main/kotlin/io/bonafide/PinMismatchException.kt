package io.bonafide

import javax.net.ssl.SSLPeerUnverifiedException

/**
 * The server's certificates match none of the host's pins; not a byte of the request was sent.
 *
 * An [SSLPeerUnverifiedException], as OkHttp's own pinner throws, so that code that knows that one goes on working.
 * The message lists the chain that was served with its pins, then the pins that the config expects, and ends with the
 * command to run next.
 *
 * @property mismatch the host, the expected and the served pins.
 * @param subjects the subjects of the served certificates, leaf first, as far as they are known.
 */
public class PinMismatchException
    @JvmOverloads
    constructor(
        public val mismatch: PinVerdict.Mismatch,
        subjects: List<String> = emptyList(),
    ) : SSLPeerUnverifiedException(describe(mismatch, subjects)),
        BonafideFailure {
        override val code: StatusCode
            get() = StatusCode.PIN_MISMATCH

        override val facts: Map<String, String>
            get() =
                mapOf(
                    "host" to mismatch.host,
                    "expected" to mismatch.expected.joinToString(" "),
                    "served" to mismatch.served.joinToString(" "),
                )

        override val nextStep: String
            get() = code.nextStepFor(facts)
    }

private fun describe(
    mismatch: PinVerdict.Mismatch,
    subjects: List<String>,
): String =
    buildString {
        append("The certificates that ").append(mismatch.host).append(" served match none of its pins.")
        mismatch.reason?.let { append("\n  Reason: ").append(it) }
        append("\n  Served, leaf first:")
        if (mismatch.served.isEmpty()) append("\n    nothing that could be validated")
        mismatch.served.forEachIndexed { place, pin ->
            append("\n    ").append(pin)
            subjects.getOrNull(place)?.let { append(": ").append(it) }
        }
        append("\n  Expected, any of:")
        mismatch.expected.forEach { append("\n    ").append(it) }
        append("\n  If it is not the server's certificate that was changed, somebody intercepts. Run next:")
        append("\n    bonafide api check ").append(mismatch.host)
    }
