package io.bonafide

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/**
 * The status, for those who want to hear of each change.
 *
 * Who tells of a change may be a thread of the core's, which must not call back into it: the status is read elsewhere.
 */
internal class StatusFeed(
    private val read: () -> ProtectionStatus,
) {
    private val changes = Channel<Unit>(Channel.CONFLATED)
    private val latest = MutableStateFlow(ProtectionStatus(ProtectionStatus.Phase.NOT_STARTED))

    // Held by nobody but the channel: a protection that is dropped without being closed is collected with it.
    private val reader by lazy {
        CoroutineScope(Dispatchers.Default).launch {
            for (change in changes) {
                val now = read()
                latest.value = now
                if (now.phase == ProtectionStatus.Phase.CLOSED) break
            }
        }
    }

    val flow: StateFlow<ProtectionStatus> = latest.asStateFlow()

    /** Returns at once; from any thread. */
    fun changed() {
        changes.trySend(Unit)
        reader.start()
    }
}
