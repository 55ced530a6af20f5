package io.bonafide

import java.util.concurrent.ConcurrentHashMap

/** Remembers the rules of hosts while the config stays the same, since a map is quicker than the library. */
internal class RulesByRevision {
    private class Known(
        val revision: Long,
    ) {
        val byHost = ConcurrentHashMap<String, HostRules>()
    }

    @Volatile
    private var known = Known(revision = 0)

    /** [revision] is that from before `ask` is called: what is kept may be newer than it says, but never older. */
    fun of(
        host: String,
        revision: Long,
        ask: () -> HostRules,
    ): HostRules {
        val current = known.takeIf { it.revision == revision } ?: Known(revision).also { known = it }
        current.byHost[host]?.let { return it }
        val rules = ask()
        // An app that calls countless hosts must not fill the memory with them.
        if (current.byHost.size < MAX_HOSTS) current.byHost[host] = rules
        return rules
    }
}

private const val MAX_HOSTS = 512
