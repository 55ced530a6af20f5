package io.bonafide

import io.bonafide.platform.PlatformApi

/**
 * What [ManagedProtection.diagnose] found; [toString] is a table to read.
 *
 * @property checks what was looked at, in order; what comes after a failed one may rest on it.
 */
public class Diagnosis
    @PlatformApi
    constructor(
        checks: List<Check>,
    ) {
        public val checks: List<Check> = checks.toList()

        /** True when every check is well. */
        public val healthy: Boolean
            get() = checks.all { it.ok }

        override fun toString(): String = checks.joinToString("\n")

        /**
         * One check.
         *
         * @property name what was looked at.
         * @property ok whether it is well.
         * @property detail what was seen.
         * @property nextStep what to do; null when it is well.
         */
        public class Check
            @PlatformApi
            constructor(
                public val name: String,
                public val ok: Boolean,
                public val detail: String,
                public val nextStep: String? = null,
            ) {
                override fun toString(): String =
                    buildString {
                        append(if (ok) "ok    " else "FAILED")
                        append("  $name: $detail")
                        nextStep?.let { append("\n        $it") }
                    }
            }
    }
