package io.bonafide.instrumented

import android.content.Context
import android.os.Bundle
import io.bonafide.AndroidProtection
import io.bonafide.ManagedProtection
import io.bonafide.ProtectionStatus
import io.bonafide.ProtectionStatus.Phase
import io.bonafide.StartOptions
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.util.UUID

/** Where the cases run: set by whoever runs them. */
object Device {
    lateinit var app: Context

    /** What `am instrument -e KEY VALUE` says. */
    var arguments = Bundle()

    /** A protection's name that no other case has. */
    fun newName() = "case-" + UUID.randomUUID()

    /** Starts one from the asset, and waits until it runs or has failed. */
    fun started(options: StartOptions = StartOptions(name = newName())): AndroidProtection =
        AndroidProtection().also {
            it.start(app, options)
            it.settled()
        }
}

/** Waits for the end of a first start, whatever it is. */
fun ManagedProtection.settled(): ProtectionStatus = waitFor(Phase.RUNNING, Phase.FAILED)

fun ManagedProtection.waitFor(vararg phases: Phase): ProtectionStatus =
    runBlocking { withTimeout(LONG) { status.first { it.phase in phases } } }

private const val LONG = 60_000L
