package io.bonafide.okhttp

import io.bonafide.okhttp.support.FakeFixture
import io.bonafide.okhttp.support.OkHttpSuite
import okhttp3.Interceptor
import okhttp3.OkHttpClient
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A diagnosis of a client, without a call. */
class ClientDoctorTest : OkHttpSuite() {
    private val passes = Interceptor { it.proceed(it.request()) }

    private fun failedIn(
        client: OkHttpClient,
        of: io.bonafide.Protection = watched,
    ) = of.diagnose(client).checks.filterNot { it.ok }.map { it.name }

    @Test
    fun `what is wrong is named`() {
        val good = client()
        val cases =
            mapOf(
                "never protected" to (appClient().build() to listOf("interceptors")),
                "both removed" to
                    (
                        good.newBuilder().apply { interceptors().clear() }.apply { networkInterceptors().clear() }.build() to
                            listOf("interceptors")
                    ),
                "the first removed" to (good.newBuilder().apply { interceptors().clear() }.build() to listOf("interceptors")),
                "the last removed" to (good.newBuilder().apply { networkInterceptors().clear() }.build() to listOf("interceptors")),
                "doubled" to (good.newBuilder().apply { interceptors() += interceptors() }.build() to listOf("interceptors")),
                "one comes before" to (good.newBuilder().apply { interceptors().add(0, passes) }.build() to listOf("order")),
                "one comes after" to (good.newBuilder().addNetworkInterceptor(passes).build() to listOf("order")),
                "trusts everybody" to (trustAllClient().protectedBy(watched).build() to listOf("trust")),
            )
        for ((what, case) in cases) assertEquals(case.second, failedIn(case.first), what)
        assertEquals(listOf("protection"), failedIn(good, of = FakeFixture().protection))
    }

    @Test
    fun `a client that is well is said to be`() {
        val diagnosis = watched.diagnose(client { addInterceptor(passes).addNetworkInterceptor(passes) })
        assertTrue(diagnosis.healthy, "$diagnosis")
        assertTrue("another than the platform's" in "$diagnosis" || "the platform's own" in "$diagnosis", "$diagnosis")
    }

    @Test
    fun `every failed check says what to do`() {
        val checks = watched.diagnose(trustAllClient().build()).checks
        assertTrue(checks.none { it.ok } && checks.all { "protectedBy" in it.nextStep!! }, "$checks")
    }
}
