package io.bonafide

import java.io.Serializable

/** What [Protection.checkPins] found. Complete: a later version adds no case. */
public sealed class PinVerdict : Serializable {
    /**
     * The chain holds a certificate of this pin: go on.
     *
     * @property pin the pin that matched, `sha256/BASE64`.
     */
    public class Pinned(
        public val pin: String,
    ) : PinVerdict()

    /** The config has no pins for the host, so that the platform's trust alone decides: go on. */
    public object Unpinned : PinVerdict() {
        private fun readResolve(): Any = Unpinned
    }

    /**
     * No pin matched, and the host's mode is `report`: go on, and report it.
     *
     * @property mismatch what did not match.
     */
    public class ReportOnly(
        public val mismatch: Mismatch,
    ) : PinVerdict()

    /**
     * No pin matched, and nothing may be sent.
     *
     * Pins are `sha256/BASE64` of the certificate's SubjectPublicKeyInfo.
     *
     * @property host the host that was asked for.
     * @property expected the pins of the config in force.
     * @property served the pin of every certificate of the validated chain that could be read, leaf first.
     * @property reason why there is no match, where it is not simply that no pin is equal.
     */
    public class Mismatch
        @JvmOverloads
        constructor(
            public val host: String,
            public val expected: List<String>,
            public val served: List<String>,
            public val reason: String? = null,
        ) : PinVerdict()
}
