package io.bonafide.instrumented

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.os.UserManager
import android.util.Log
import io.bonafide.ProtectionStatus.Phase
import kotlin.concurrent.thread

/** Called before the first unlock: says in one line of the log whether the pins hold. `test-emulator --direct-boot` reads it. */
class LockedBoot : BroadcastReceiver() {
    override fun onReceive(
        context: Context,
        intent: Intent,
    ) {
        val unlocked = context.getSystemService(UserManager::class.java).isUserUnlocked
        val pending = goAsync()
        thread {
            Device.started().use {
                val status = it.status()
                val pinned = status.phase == Phase.RUNNING && it.rulesFor("wrong.acme.test").enforced
                Log.i("BonafideLockedBoot", "unlocked=$unlocked pinned=$pinned ${status.failure ?: ""}")
            }
            pending.finish()
        }
    }
}
