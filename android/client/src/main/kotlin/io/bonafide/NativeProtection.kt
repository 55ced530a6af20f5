package io.bonafide

import io.bonafide.platform.Platform
import io.bonafide.platform.PlatformApi
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.runBlocking
import java.io.InterruptedIOException
import java.security.cert.X509Certificate
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.coroutines.cancellation.CancellationException

/**
 * A protection with the core behind it; what the facade of a platform gives an app more of.
 *
 * Made, it does nothing; [start] loads the native library, on a thread of its own. [close] ends it for good: what waits
 * then, and what is called after, fails as `not_started`, and a pin check refuses.
 */
@PlatformApi
public class NativeProtection internal constructor(
    starter: EngineStarter,
    clock: LeaseMemo.Clock,
) : ManagedProtection,
    AutoCloseable {
    public constructor() : this(NativeEngine, LeaseMemo.Clock.System)

    private val user = UserProperty()
    private val feed = StatusFeed { status() }
    private val lifecycle =
        Lifecycle(
            starter = { platform, settings, onRevision, onStatus ->
                starter.start(platform, settings, onRevision, onStatus).also(user::tell)
            },
            onChange = feed::changed,
        )
    private val leases = LeaseMemo(clock)
    private val rules = RulesByRevision()
    private val listeners = CopyOnWriteArrayList<MismatchListener>()

    override var userProperty: String? by user::value

    override val configRevision: Long
        get() = lifecycle.revision

    /**
     * Starts, and returns at once: the work is done on a thread of its own, and calls wait for it. While it runs or is
     * at work, a further call changes nothing; after a failure it tries again.
     *
     * What goes wrong is the answer to every call that needs a start, and in [status].
     *
     * @param platform what the core runs on.
     * @param timeoutMillis the limit for calls until there are settings, in milliseconds.
     * @param settings is called on that thread, and may block; what it throws is why the start failed.
     */
    public fun start(
        platform: Platform,
        timeoutMillis: Long,
        settings: () -> Settings,
    ): Unit = lifecycle.start(platform, timeoutMillis, settings)

    /**
     * Whatever failed may work now: the device was unlocked, its key store is back. What would be left alone for a while
     * is tried again when it is asked for next. Returns at once; before a start and after the end it does nothing.
     */
    public fun tryAgain() {
        try {
            lifecycle.runningOrNull()?.engine?.tryAgain()
        } catch (_: BonafideException) {
            // Closed between the two looks.
        }
    }

    override suspend fun awaitStarted(timeoutMillis: Long) {
        lifecycle.awaitRunning(timeoutMillis)
    }

    override fun rulesFor(host: String): HostRules {
        val engine = lifecycle.running().engine
        return rules.of(host, configRevision) { engine.rules(host) }
    }

    override fun checkPins(
        host: String,
        chain: List<X509Certificate>,
    ): PinVerdict = refusing(host) { lifecycle.running().engine.checkPins(host, chain.map { it.encoded }) }

    override suspend fun recheckPins(
        host: String,
        chain: List<X509Certificate>,
        timeoutMillis: Long,
    ): PinVerdict = refusing(host) { lifecycle.running().engine.recheckPins(host, chain.map { it.encoded }, timeoutMillis) }

    override fun reportMismatch(mismatch: PinVerdict.Mismatch) {
        val enforced = rulesFor(mismatch.host).enforced
        lifecycle.running().engine.reportMismatch(mismatch, enforced)
        for (listener in listeners) {
            try {
                listener.onMismatch(mismatch, enforced)
            } catch (e: Exception) {
                JavaLog.warn("a mismatch listener threw ${e.javaClass.name}")
            }
        }
    }

    override fun preparedHeadersFor(host: String): Map<String, String>? =
        lifecycle.runningOrNull()?.let { leases.of(host, moment())?.headers }

    override suspend fun headersFor(
        url: String,
        binding: ByteArray?,
        timeoutMillis: Long,
    ): Map<String, String> {
        val target = targetOf(url)
        val budget = Budget(timeoutMillis)
        val engine = (lifecycle.runningOrNull() ?: lifecycle.awaitRunning(timeoutMillis)).engine
        if (binding == null && !target.cleartext) leases.of(target.host, moment())?.let { return it.headers }
        val rules = rulesFor(target.host)
        if (target.cleartext && (rules.pinned || rules.protectedHost)) throw refusedCleartext(target)
        if (!rules.protectedHost) return emptyMap()
        return lease(engine, target.host, binding, budget).headers
    }

    override suspend fun token(
        url: String,
        binding: ByteArray?,
    ): String {
        val target = targetOf(url)
        if (target.cleartext) throw refusedCleartext(target)
        val budget = Budget(lifecycle.timeoutMillis)
        val engine = lifecycle.awaitRunning(budget.leftMillis()).engine
        val lease = lease(engine, target.host, binding, budget)
        return lease.token?.takeIf { lease.status == null }
            ?: throw BonafideException(lease.status ?: StatusCode.INTERNAL_ERROR, mapOf("host" to target.host))
    }

    /** Under another config, and once another user was named, what is kept is void. */
    private fun moment() = LeaseMemo.Moment(configRevision, user.changes)

    /** Bound leases are kept by the core only, which keeps them apart by their binding. */
    private suspend fun lease(
        engine: Engine,
        host: String,
        binding: ByteArray?,
        budget: Budget,
    ): Lease {
        if (binding != null) return engine.token(host, binding, budget.leftMillis())
        // Read before the core is asked: what is kept may be newer than its moment says, but never older.
        val moment = moment()
        return leases.of(host, moment) ?: leases.ask(host, moment) { engine.token(host, null, budget.leftMillis()) }
    }

    override fun tokenBlocking(
        url: String,
        binding: ByteArray?,
    ): String = blocking { token(url, binding) }

    override fun headersForBlocking(
        url: String,
        binding: ByteArray?,
    ): Map<String, String> = blocking { headersFor(url, binding, lifecycle.timeoutMillis) }

    override suspend fun refresh(): Boolean = started { engine, millis -> engine.refresh(millis) }

    override fun refreshBlocking(): Boolean = blocking { refresh() }

    override suspend fun precheck(): Unit = started { engine, millis -> engine.precheck(millis) }

    override fun precheckBlocking(): Unit = blocking { precheck() }

    override val status: StateFlow<ProtectionStatus>
        get() = feed.flow

    override fun status(): ProtectionStatus =
        try {
            lifecycle.status()
        } catch (e: BonafideException) {
            // Closed between the two looks; or a defect, which is no reason to end an app that only asked.
            ProtectionStatus(ProtectionStatus.Phase.FAILED, failure = e)
        }

    override suspend fun diagnose(): Diagnosis = Doctor(lifecycle).examine()

    override fun diagnoseBlocking(): Diagnosis = blocking { diagnose() }

    override fun installationId(): String? = lifecycle.runningOrNull()?.engine?.installationId()

    override fun addMismatchListener(listener: MismatchListener) {
        listeners.addIfAbsent(listener)
    }

    override fun removeMismatchListener(listener: MismatchListener) {
        listeners.remove(listener)
    }

    override fun close(): Unit = lifecycle.close()

    /** One limit for the start and what comes after it. */
    private suspend fun <T> started(work: suspend (Engine, Long) -> T): T {
        val budget = Budget(lifecycle.timeoutMillis)
        val engine = lifecycle.awaitRunning(budget.leftMillis()).engine
        return work(engine, budget.leftMillis())
    }
}

/** A check that did not come to an end refuses. */
private inline fun refusing(
    host: String,
    check: () -> PinVerdict,
): PinVerdict =
    try {
        check()
    } catch (e: CancellationException) {
        throw e
    } catch (e: Exception) {
        PinVerdict.Mismatch(host, emptyList(), emptyList(), reason = e.toString())
    } catch (e: LinkageError) {
        PinVerdict.Mismatch(host, emptyList(), emptyList(), reason = e.toString())
    }

private fun targetOf(url: String): Target =
    try {
        Target.of(url)
    } catch (e: IllegalArgumentException) {
        throw BonafideException(StatusCode.HOST_NOT_IN_CONFIG, detail = e.message, cause = e)
    }

private fun refusedCleartext(target: Target) = BonafideException(StatusCode.CLEARTEXT_REFUSED, mapOf("host" to target.host))

private fun <T> blocking(work: suspend () -> T): T =
    try {
        runBlocking { work() }
    } catch (e: InterruptedException) {
        Thread.currentThread().interrupt()
        throw InterruptedIOException("interrupted while waiting for Bonafide").apply { initCause(e) }
    }
