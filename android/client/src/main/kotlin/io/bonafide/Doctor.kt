package io.bonafide

import io.bonafide.Diagnosis.Check

/** Tries what a request needs, one after the other. */
internal class Doctor(
    private val lifecycle: Lifecycle,
) {
    suspend fun examine(): Diagnosis {
        val limit = lifecycle.timeoutMillis
        val checks = mutableListOf<Check>()
        val engine =
            try {
                lifecycle.awaitRunning(limit).engine
            } catch (e: BonafideException) {
                return Diagnosis(listOf(e.asCheck("start")))
            }
        val status =
            try {
                engine.status()
            } catch (e: BonafideException) {
                return Diagnosis(listOf(e.asCheck("start")))
            }
        checks += Check("start", true, "config epoch ${status.epoch}, version ${status.version}")
        status.developmentKey?.let { checks += Check("development", true, "a DEVELOPMENT BUILD with the key $it: $NEVER_RELEASE") }
        checks += storage(status)
        checks += tried("service", "reached; the config is the newest") { engine.refresh(limit) }
        checks += tried("tokens", "there is one for every protected host") { engine.precheck(limit) }
        return Diagnosis(checks)
    }

    private fun storage(status: ProtectionStatus): Check =
        when (val why = status.memoryOnly) {
            null -> Check("storage", true, "what is learnt is kept; the stored config was ${status.storedRecord}")
            else -> Check("storage", false, "nothing survives the process: $why", "Give Settings.storage a folder that can be written to.")
        }

    private suspend fun tried(
        name: String,
        well: String,
        attempt: suspend () -> Unit,
    ): Check =
        try {
            attempt()
            Check(name, true, well)
        } catch (e: BonafideException) {
            e.asCheck(name)
        }
}

private const val NEVER_RELEASE = "its tokens are for +dev audiences only, so that the API itself refuses them; never release it"

private fun BonafideException.asCheck(name: String) = Check(name, ok = false, detail = seen, nextStep = nextStep)
