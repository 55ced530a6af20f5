package io.bonafide.sample

import android.app.Activity
import android.content.pm.PackageManager
import android.os.Bundle
import android.text.InputType
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import io.bonafide.BonafideFailure
import okhttp3.Call
import okhttp3.Callback
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import org.json.JSONObject
import java.io.IOException

/** Logs in at the demo's API, and shows what came of it: ordinary OkHttp, in which nothing speaks of protection. */
class LoginActivity : Activity() {
    private lateinit var outcome: TextView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val user = EditText(this).apply { hint = "User" }
        val password =
            EditText(this).apply {
                hint = "Password"
                inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
            }
        val button = Button(this).apply { text = "Log in" }
        outcome = TextView(this)
        button.setOnClickListener { login(user.text.toString(), password.text.toString()) }
        val screen = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }
        listOf(user, password, button, outcome).forEach(screen::addView)
        setContentView(screen)
    }

    private fun login(
        user: String,
        password: String,
    ) {
        val body = JSONObject(mapOf("user" to user, "password" to password)).toString().toRequestBody("application/json".toMediaType())
        val request = Request.Builder().url("${apiUrl()}/login").post(body).build()
        (application as SampleApp).client.newCall(request).enqueue(
            object : Callback {
                override fun onResponse(
                    call: Call,
                    response: Response,
                ) = response.use { show("The API answered ${it.code}.") }

                override fun onFailure(
                    call: Call,
                    e: IOException,
                ) = show((e as? BonafideFailure)?.let { "${it.code.message} ${it.nextStep}" } ?: "$e")
            },
        )
    }

    private fun show(text: String) = runOnUiThread { outcome.text = text }

    @Suppress("DEPRECATION")
    private fun apiUrl(): String =
        packageManager
            .getApplicationInfo(packageName, PackageManager.GET_META_DATA)
            .metaData
            .getString("io.bonafide.sample.api")
            .orEmpty()
}
