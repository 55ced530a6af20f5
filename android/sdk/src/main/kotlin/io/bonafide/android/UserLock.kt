package io.bonafide.android

import android.content.Context
import android.os.UserManager

/** Whether the user has unlocked the phone since it booted. */
internal object UserLock {
    fun isUnlocked(context: Context): Boolean =
        // Where nobody can tell, the key store itself says it.
        context.getSystemService(UserManager::class.java)?.isUserUnlocked ?: true
}
