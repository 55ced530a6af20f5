package io.bonafide.okhttp

import io.bonafide.HostRules
import io.bonafide.Protection
import java.util.concurrent.ConcurrentHashMap

/** Remembers the rules of hosts while the config stays the same: asking the core costs more than a map does. */
internal class RulesMemo(
    private val protection: Protection,
) {
    private class Snapshot(
        val revision: Long,
    ) {
        val byHost = ConcurrentHashMap<String, HostRules>()
    }

    @Volatile
    private var snapshot = Snapshot(revision = -1)

    fun of(host: String): HostRules {
        // The revision is read first: what is stored may be newer than its revision says, but never older.
        val revision = protection.configRevision
        val current = snapshot.takeIf { it.revision == revision } ?: Snapshot(revision).also { snapshot = it }
        current.byHost[host]?.let { return it }
        val rules = orInternalError { protection.rulesFor(host) }
        // An app that calls countless hosts must not fill the memory with them.
        if (current.byHost.size < MAX_HOSTS) current.byHost[host] = rules
        return rules
    }
}

private const val MAX_HOSTS = 512
