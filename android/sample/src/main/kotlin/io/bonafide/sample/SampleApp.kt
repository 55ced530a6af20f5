package io.bonafide.sample

import android.app.Application
import io.bonafide.Bonafide
import io.bonafide.okhttp.protectedBy
import okhttp3.OkHttpClient

/** All that an app does to be protected. */
class SampleApp : Application() {
    val client: OkHttpClient by lazy { OkHttpClient.Builder().protectedBy(Bonafide).build() }

    override fun onCreate() {
        super.onCreate()
        Bonafide.start(this)
    }
}
