package io.bonafide.android

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.UserManager
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

/** Whether the user has unlocked the phone since it booted. */
internal object UserLock {
    fun isUnlocked(context: Context): Boolean =
        // Where nobody can tell, the key store itself says it.
        context.getSystemService(UserManager::class.java)?.isUserUnlocked ?: true

    /**
     * Calls [then] once when the phone is unlocked, on a thread of its own; never where it is by now, or where nobody tells.
     * Until then the install key cannot be used, and what failed for that would be left alone for minutes.
     */
    fun onUnlock(
        context: Context,
        then: () -> Unit,
    ) {
        if (isUnlocked(context)) return
        val once = AtomicBoolean()
        val receiver =
            object : BroadcastReceiver() {
                override fun onReceive(
                    receiving: Context,
                    intent: Intent,
                ) = unlocked()

                fun unlocked() {
                    if (!once.compareAndSet(false, true)) return
                    context.unregisterReceiver(this)
                    thread(name = "bonafide-unlocked", isDaemon = true) { then() }
                }
            }
        try {
            context.registerReceiver(receiver, IntentFilter(Intent.ACTION_USER_UNLOCKED))
        } catch (_: RuntimeException) {
            // An app with too many receivers. Tokens come when they are tried for again.
            return
        }
        // It may have happened in between.
        if (isUnlocked(context)) receiver.unlocked()
    }
}
