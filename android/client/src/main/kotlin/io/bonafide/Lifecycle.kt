package io.bonafide

import io.bonafide.platform.Platform
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.concurrent.thread

/** From not started to closed: who starts the engine, who waits for it, and who ends it. */
internal class Lifecycle(
    private val starter: EngineStarter,
    private val onChange: () -> Unit = {},
) {
    class Running(
        val engine: Engine,
        val settings: Settings,
    ) : State

    private sealed interface State

    private object NotStarted : State

    private class Starting(
        val platform: Platform,
        val timeoutMillis: Long,
        val settings: () -> Settings,
    ) : State

    private class Failed(
        val failure: BonafideException,
    ) : State

    private object Closed : State

    private val state = MutableStateFlow<State>(NotStarted)

    /** The revision of the config in force, which may be known before the start is over. Never falls. */
    @Volatile
    private var latest: Long = 0

    /** The revision of the config in force; 0 until the start is over, since whoever sees another one does not wait. */
    val revision: Long
        get() = if (state.value is Running || state.value is Closed) latest else 0

    /** The settings' limit for one call, in milliseconds; the default before there are settings. */
    val timeoutMillis: Long
        get() =
            when (val now = state.value) {
                is Running -> now.settings.requestTimeoutMillis
                is Starting -> now.timeoutMillis
                else -> Settings.DEFAULT_TIMEOUT_MILLIS
            }

    fun start(
        platform: Platform,
        timeoutMillis: Long,
        settings: () -> Settings,
    ) {
        val starting = Starting(platform, timeoutMillis, settings)
        while (true) {
            val now = state.value
            if (now !is NotStarted && now !is Failed) return
            if (state.compareAndSet(now, starting)) break
        }
        onChange()
        thread(name = "bonafide-start", isDaemon = true) { finish(starting) }
    }

    private fun finish(starting: Starting) {
        val next =
            try {
                val settings = rethrowingTyped { starting.settings() }
                val engine = rethrowingTyped { starter.start(starting.platform, settings, ::raise, onChange) }
                raise(engine.revision())
                Running(engine, settings)
            } catch (e: BonafideException) {
                JavaLog.failedStart(e)
                Failed(e)
            }
        // Closed meanwhile: then nobody else ends what was just made.
        if (!state.compareAndSet(starting, next) && next is Running) next.engine.close()
        onChange()
    }

    /** Callbacks may come out of order. */
    @Synchronized
    private fun raise(to: Long) {
        if (to > latest) latest = to
    }

    /** What runs now, or null. */
    fun runningOrNull(): Running? = state.value as? Running

    /** What runs now; fails at once where nothing does. */
    fun running(): Running = runningOrNull() ?: throw whyNot(state.value)

    /** Waits for the start, at most [millis] milliseconds; a start that failed is told at once. */
    suspend fun awaitRunning(millis: Long): Running {
        runningOrNull()?.let { return it }
        val settled = withTimeoutOrNull(millis) { state.first { it !is NotStarted && it !is Starting } }
        return settled as? Running ?: throw whyNot(settled ?: state.value)
    }

    /** Without the engine's part, which only a running one has. */
    fun status(): ProtectionStatus =
        when (val now = state.value) {
            is Running -> now.engine.status()
            is Starting -> ProtectionStatus(ProtectionStatus.Phase.STARTING)
            is Failed -> ProtectionStatus(ProtectionStatus.Phase.FAILED, failure = now.failure)
            is NotStarted -> ProtectionStatus(ProtectionStatus.Phase.NOT_STARTED)
            is Closed -> ProtectionStatus(ProtectionStatus.Phase.CLOSED)
        }

    fun close() {
        while (true) {
            val now = state.value
            if (!state.compareAndSet(now, Closed)) continue
            if (now is Running) now.engine.close()
            onChange()
            return
        }
    }

    private fun whyNot(now: State): BonafideException =
        when (now) {
            is Failed -> BonafideException(now.failure.code, now.failure.facts, cause = now.failure)
            is Closed -> closed()
            is Starting -> BonafideException(StatusCode.NOT_STARTED, detail = "The start is still at work.")
            else -> BonafideException(StatusCode.NOT_STARTED)
        }
}
