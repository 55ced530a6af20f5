package io.bonafide

import io.bonafide.platform.Platform

/** A started core. One implementation calls the native library; tests count the calls. */
internal interface Engine : AutoCloseable {
    fun revision(): Long

    fun rules(host: String): HostRules

    fun checkPins(
        host: String,
        chain: List<ByteArray>,
    ): PinVerdict

    suspend fun recheckPins(
        host: String,
        chain: List<ByteArray>,
        timeoutMillis: Long,
    ): PinVerdict

    fun reportMismatch(
        mismatch: PinVerdict.Mismatch,
        enforced: Boolean,
    )

    suspend fun token(
        host: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Lease

    /** Answers why [value] cannot be it, or null. */
    fun setUserProperty(value: String?): String?

    /** Whatever failed may work now. */
    fun tryAgain()

    suspend fun refresh(timeoutMillis: Long): Boolean

    suspend fun precheck(timeoutMillis: Long)

    fun installationId(): String?

    fun status(): ProtectionStatus

    /** Ends all work; waiting calls fail. Twice is harmless. */
    override fun close()
}

/**
 * Starts an engine; `onRevision` is called with every new config's revision and `onStatus` after other changes, from any
 * thread. Neither calls back into the engine.
 */
internal fun interface EngineStarter {
    @Throws(BonafideException::class)
    fun start(
        platform: Platform,
        settings: Settings,
        onRevision: (Long) -> Unit,
        onStatus: () -> Unit,
    ): Engine
}

/** What a request to a protected host leaves with. Its text never shows the token. */
internal class Lease(
    val header: String,
    val token: String?,
    val status: StatusCode?,
    val freshForMillis: Long,
) {
    /** The headers of a request that leaves with this. */
    val headers: Map<String, String> = listOfNotNull(token?.let { header to it }, status?.let { STATUS_HEADER to it.wireName }).toMap()
}

private const val STATUS_HEADER = "Bonafide-Status"
