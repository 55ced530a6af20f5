package io.bonafide

import java.io.IOException

/**
 * A request could not be made under protection, and so was not made.
 *
 * The message has the status's sentence, its code, the facts and the next step, in this order.
 *
 * @param code what went wrong.
 * @param facts what is known of it; `host` is also filled into the next step.
 * @param detail what this case adds to the status's sentence, or null.
 * @param cause what this came from, or null.
 */
public class BonafideException
    @JvmOverloads
    constructor(
        override val code: StatusCode,
        facts: Map<String, String> = emptyMap(),
        detail: String? = null,
        cause: Throwable? = null,
    ) : IOException("${describe(code, facts, detail)} ${code.nextStepFor(facts)}", cause),
        BonafideFailure {
        override val facts: Map<String, String> = facts.toMap()

        override val nextStep: String
            get() = code.nextStepFor(facts)

        /** The message without the next step, for where that stands beside it. */
        internal val seen: String = describe(code, facts, detail)
    }

private fun describe(
    code: StatusCode,
    facts: Map<String, String>,
    detail: String?,
): String =
    buildString {
        append(code.message).append(" (").append(code.wireName).append(')')
        if (detail != null) append(' ').append(detail)
        if (facts.isNotEmpty()) facts.entries.joinTo(this, prefix = " [", postfix = "]") { "${it.key}=${it.value}" }
    }

/** The table speaks of `HOST` where a host belongs. */
internal fun StatusCode.nextStepFor(facts: Map<String, String>): String = facts["host"]?.let { nextStep.replace("HOST", it) } ?: nextStep
