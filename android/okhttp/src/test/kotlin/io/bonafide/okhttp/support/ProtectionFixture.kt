package io.bonafide.okhttp.support

import io.bonafide.PinVerdict
import io.bonafide.Protection

/** One host of a test's config. */
data class HostEntry(
    val host: String,
    val pins: List<String> = emptyList(),
    /** `enforce`, `report` or `off`. */
    val mode: String = "enforce",
    val sendToken: Boolean = true,
    /** `send` or `fail`. */
    val withoutToken: String = "send",
)

/**
 * What the suite needs of a [Protection], so that all of it runs against any: name another with the system property
 * `bonafide.fixture`.
 */
abstract class ProtectionFixture : AutoCloseable {
    abstract val protection: Protection

    /** Starts; until then calls wait. */
    abstract fun start()

    /** Puts a config with just these hosts into force, at once. */
    abstract fun install(vararg hosts: HostEntry)

    /** Publishes a config that a refresh will bring, and nothing else. */
    abstract fun publish(vararg hosts: HostEntry)

    /** Makes the service answer with tokens, or not at all: who waits for one is told soon that the time is over. */
    abstract fun serviceAnswers(answers: Boolean)

    /** Makes whoever waits for a token wait until that is canceled, whatever the limit. */
    abstract fun serviceHangs()

    /** The mismatches that were reported, in order. */
    abstract val reports: List<PinVerdict.Mismatch>

    /** True if [token] is one for [host], bound to [binding]. */
    abstract fun isTokenFor(
        host: String,
        token: String?,
        binding: ByteArray? = null,
    ): Boolean

    override fun close() {}

    companion object {
        fun create(): ProtectionFixture =
            when (val name = System.getProperty("bonafide.fixture")) {
                null -> FakeFixture()
                else -> Class.forName(name).getDeclaredConstructor().newInstance() as ProtectionFixture
            }
    }
}
