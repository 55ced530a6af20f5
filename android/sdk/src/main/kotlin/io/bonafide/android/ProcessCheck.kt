package io.bonafide.android

import android.os.Process
import io.bonafide.BonafideException
import io.bonafide.StatusCode

/** Tells the processes that can be protected from those that cannot. */
internal object ProcessCheck {
    // android.os.Process and UserHandle have these as hidden constants; isIsolated() is public from API 28 on only.
    private const val IDS_PER_USER = 100_000
    private val ISOLATED = 90_000..99_999

    /**
     * An isolated process (`android:isolatedProcess`, a WebView's renderer) has neither files nor network nor keys.
     *
     * @throws BonafideException `unsupported_environment` in one.
     */
    fun refuseIsolated(uid: Int = Process.myUid()) {
        if (uid % IDS_PER_USER !in ISOLATED) return
        val detail = "It is isolated: it has neither files nor network nor keys. Start Bonafide in the processes that make requests."
        throw BonafideException(StatusCode.UNSUPPORTED_ENVIRONMENT, mapOf("process" to "isolated"), detail)
    }
}
