package io.bonafide.okhttp

import io.bonafide.PinMismatchException
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.OkHttpSuite
import io.bonafide.okhttp.support.foreignPin
import io.bonafide.okhttp.support.pin
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import retrofit2.Retrofit
import retrofit2.converter.scalars.ScalarsConverterFactory
import retrofit2.create
import retrofit2.http.GET

class RetrofitTest : OkHttpSuite() {
    interface Api {
        @GET("login")
        suspend fun login(): String
    }

    private val leaf = authority.leaf("api.acme.test")

    @Test
    fun `Retrofit needs nothing but the client`() {
        val server = server(leaf)
        start(HostEntry("api.acme.test", listOf(leaf.pin)))
        val api =
            Retrofit
                .Builder()
                .baseUrl("https://api.acme.test:${server.port}/")
                .client(client())
                .addConverterFactory(ScalarsConverterFactory.create())
                .build()
                .create<Api>()
        assertEquals("ok", runBlocking { api.login() })
        assertTrue("Bonafide-Token: " in server.requests.single())
        fixture.install(HostEntry("api.acme.test", listOf(foreignPin)))
        assertThrows<PinMismatchException> { runBlocking { api.login() } }
        assertEquals(1, server.requests.size)
    }
}
