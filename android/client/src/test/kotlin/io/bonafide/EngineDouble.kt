package io.bonafide

import io.bonafide.platform.Platform
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** An engine that counts what it is asked, and answers what it is told to. */
internal class EngineDouble(
    private val onRevision: (Long) -> Unit,
    val onStatus: () -> Unit,
) : Engine {
    val calls = mutableListOf<String>()
    var lease = Lease("Bonafide-Token", "token-1", null, freshForMillis = 60_000)
    var protectedHosts = setOf("api.acme.com")
    var pinVerdict: () -> PinVerdict = { PinVerdict.Unpinned }
    val ended = CompletableDeferred<Unit>()
    var developmentKey: String? = null
    private var revision = 1L

    fun changeConfig(to: Long) {
        revision = to
        onRevision(to)
    }

    override fun revision() = revision

    override fun rules(host: String): HostRules {
        calls += "rules"
        val known = host in protectedHosts
        return HostRules(known, known, known, known, if (known) "set-$revision" else "", "Bonafide-Token")
    }

    override fun checkPins(
        host: String,
        chain: List<ByteArray>,
    ): PinVerdict = pinVerdict()

    override suspend fun recheckPins(
        host: String,
        chain: List<ByteArray>,
        timeoutMillis: Long,
    ): PinVerdict = pinVerdict()

    override fun reportMismatch(
        mismatch: PinVerdict.Mismatch,
        enforced: Boolean,
    ) {
        calls += "report enforced=$enforced"
    }

    override suspend fun token(
        host: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Lease {
        calls += "token"
        return lease
    }

    override fun setUserProperty(value: String?): String? {
        calls += "user=$value"
        return null
    }

    override fun tryAgain() {
        calls += "try again"
    }

    override suspend fun refresh(timeoutMillis: Long) = false

    override suspend fun precheck(timeoutMillis: Long) = throw BonafideException(StatusCode.NO_NETWORK)

    override fun installationId(): String? = null

    override fun status() =
        ProtectionStatus(
            ProtectionStatus.Phase.RUNNING,
            configRevision = revision,
            epoch = 1,
            version = 100,
            developmentKey = developmentKey,
        )

    override fun close() {
        ended.complete(Unit)
    }
}

private const val LONG = 60_000L

/** Starts doubles when told to. */
internal class StarterDouble : EngineStarter {
    val gate = CompletableDeferred<Unit>()
    private val begun = CompletableDeferred<(Long) -> Unit>()
    var starts = 0
    private val made = CompletableDeferred<EngineDouble>()

    /** What was made; waits for it. */
    val engine: EngineDouble get() = runBlocking { withTimeout(LONG) { made.await() } }

    fun open() = apply { gate.complete(Unit) }

    /** A config is in force while the start is still at work. */
    fun announceEarly(revision: Long) = runBlocking { begun.await() }(revision)

    override fun start(
        platform: Platform,
        settings: Settings,
        onRevision: (Long) -> Unit,
        onStatus: () -> Unit,
    ): Engine {
        begun.complete(onRevision)
        runBlocking { gate.await() }
        starts++
        return EngineDouble(onRevision, onStatus).also { made.complete(it) }
    }
}

/** Time that passes when told to. */
internal class ClockDouble : LeaseMemo.Clock {
    var nanos = 0L
    var wall = 1_790_000_000_000L

    fun pass(millis: Long) {
        nanos += millis * 1_000_000
        wall += millis
    }

    override fun nanoTime() = nanos

    override fun wallMillis() = wall
}
