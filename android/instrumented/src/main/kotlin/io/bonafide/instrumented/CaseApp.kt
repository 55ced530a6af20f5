package io.bonafide.instrumented

import android.app.Application
import android.content.Context

/** Starts nothing: each case starts what it needs. */
class CaseApp : Application() {
    override fun attachBaseContext(base: Context) {
        super.attachBaseContext(base)
        Device.app = this
    }
}
