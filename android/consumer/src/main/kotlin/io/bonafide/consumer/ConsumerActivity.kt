package io.bonafide.consumer

import android.app.Activity
import android.os.Bundle
import android.widget.TextView
import io.bonafide.Bonafide
import io.bonafide.okhttp.diagnose
import io.bonafide.okhttp.protectedBy
import okhttp3.OkHttpClient

/** Uses what an app uses, so that the build links it and R8 has something to shrink. */
class ConsumerActivity : Activity() {
    private val client by lazy { OkHttpClient.Builder().protectedBy(Bonafide).build() }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        Bonafide.start(this)
        setContentView(TextView(this).apply { text = "${Bonafide.status().phase}\n${Bonafide.diagnose(client)}" })
    }
}
