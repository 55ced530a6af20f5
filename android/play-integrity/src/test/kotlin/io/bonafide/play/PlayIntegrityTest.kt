package io.bonafide.play

import android.app.Activity
import com.google.android.gms.tasks.Task
import com.google.android.gms.tasks.TaskCompletionSource
import com.google.android.gms.tasks.Tasks
import com.google.android.play.core.integrity.IntegrityDialogRequest
import com.google.android.play.core.integrity.IntegrityManager
import com.google.android.play.core.integrity.IntegrityServiceException
import com.google.android.play.core.integrity.IntegrityTokenRequest
import com.google.android.play.core.integrity.IntegrityTokenResponse
import com.google.android.play.core.integrity.model.IntegrityErrorCode
import io.bonafide.platform.EvidenceFailure
import io.bonafide.platform.EvidenceFailure.Kind
import io.bonafide.platform.PlatformEvidence
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.lang.reflect.Modifier
import java.util.Base64
import kotlin.concurrent.thread

/** On a fake of Google's manager: it only answers on a phone with Google Play. */
class PlayIntegrityTest {
    private val hash = ByteArray(32) { (it * 9).toByte() }
    private val asked = mutableListOf<IntegrityTokenRequest>()

    private class Answer(
        private val token: String,
    ) : IntegrityTokenResponse() {
        override fun token() = token

        @Deprecated("by Google")
        override fun showDialog(
            activity: Activity,
            type: Int,
        ): Task<Int> = error("not asked for")
    }

    private fun evidence(
        waitMillis: Long = 60_000,
        answer: () -> Task<IntegrityTokenResponse>,
    ): PlatformEvidence =
        PlayIntegrity(42, waitMillis) {
            object : IntegrityManager {
                override fun requestIntegrityToken(request: IntegrityTokenRequest): Task<IntegrityTokenResponse> {
                    asked += request
                    return answer()
                }

                override fun showDialog(request: IntegrityDialogRequest): Task<Int> = error("not asked for")
            }
        }

    private fun failureOf(answer: () -> Task<IntegrityTokenResponse>): EvidenceFailure =
        assertThrows<EvidenceFailure> { evidence(answer = answer).statement(hash) }

    /** Google makes these only itself. */
    private fun refusal(code: Int): IntegrityServiceException =
        IntegrityServiceException::class.java
            .getDeclaredConstructor(Int::class.java, Boolean::class.java, Throwable::class.java)
            .apply { isAccessible = true }
            .newInstance(code, false, null)

    @Test
    fun `each of Google's codes has its meaning`() {
        val never =
            setOf(
                "API_NOT_AVAILABLE",
                "PLAY_STORE_NOT_FOUND",
                "PLAY_SERVICES_NOT_FOUND",
                "APP_NOT_INSTALLED",
                "APP_UID_MISMATCH",
                "CLOUD_PROJECT_NUMBER_IS_INVALID",
                "NONCE_TOO_SHORT",
                "NONCE_TOO_LONG",
                "NONCE_IS_NOT_BASE64",
            )
        val later =
            setOf(
                "NETWORK_ERROR",
                "TOO_MANY_REQUESTS",
                "CANNOT_BIND_TO_SERVICE",
                "GOOGLE_SERVER_UNAVAILABLE",
                "CLIENT_TRANSIENT_ERROR",
                "INTERNAL_ERROR",
                // The user may log in, and update.
                "PLAY_STORE_ACCOUNT_NOT_FOUND",
                "PLAY_STORE_VERSION_OUTDATED",
                "PLAY_SERVICES_VERSION_OUTDATED",
            )
        val constants = IntegrityErrorCode::class.java.declaredFields.filter { Modifier.isStatic(it.modifiers) }
        val codes = constants.associate { it.name to it.getInt(null) }
        assertEquals(codes.keys - "NO_ERROR", never + later, "a code that this test does not know")
        for (name in never + later) {
            val code = codes.getValue(name)
            val failure = failureOf { Tasks.forException(refusal(code)) }
            assertEquals(if (name in never) Kind.UNSUPPORTED else Kind.UNAVAILABLE, failure.kind, name)
            assertTrue("$code" in failure.message!!, failure.message)
        }
        assertEquals(Kind.UNAVAILABLE, failureOf { Tasks.forException(refusal(-4711)) }.kind, "a code of tomorrow")
    }

    @Test
    fun `whatever else goes wrong passes`() {
        assertEquals(Kind.UNAVAILABLE, failureOf { Tasks.forException(SecurityException()) }.kind)
        assertEquals(Kind.UNAVAILABLE, failureOf { Tasks.forCanceled() }.kind)
        assertEquals(Kind.UNAVAILABLE, failureOf { error("Google's library") }.kind)
        val broken = PlayIntegrity(42, 1) { error("no manager") }
        assertEquals(Kind.UNAVAILABLE, assertThrows<EvidenceFailure> { broken.statement(hash) }.kind)
    }

    @Test
    fun `an answer that does not come is not waited for`() {
        val silent = evidence(waitMillis = 1) { TaskCompletionSource<IntegrityTokenResponse>().task }
        val failure = assertThrows<EvidenceFailure> { silent.statement(hash) }
        assertEquals(Kind.UNAVAILABLE, failure.kind)
    }

    @Test
    fun `an interrupt ends the wait and stays visible`() {
        Thread.currentThread().interrupt()
        assertEquals(Kind.UNAVAILABLE, failureOf { TaskCompletionSource<IntegrityTokenResponse>().task }.kind)
        assertTrue(Thread.interrupted())
    }

    @Test
    fun `Google is asked with the bound hash, and its token comes back as it is`() {
        assertEquals("a.b.c", evidence { Tasks.forResult(Answer("a.b.c")) }.statement(hash))
        val request = asked.single()
        assertEquals(42L, request.cloudProjectNumber())
        assertEquals(Base64.getUrlEncoder().withoutPadding().encodeToString(hash), request.nonce())
    }

    @Test
    fun `an answer from another thread is waited for`() {
        val source = TaskCompletionSource<IntegrityTokenResponse>()
        val waiting = evidence { source.task.also { thread { source.setResult(Answer("late")) } } }
        assertEquals("late", waiting.statement(hash))
    }

    @Test
    fun `made, it asks nobody, and a number that is none is refused`() {
        PlayIntegrity(42, 1) { error("asked") }
        assertThrows<IllegalArgumentException> { PlayIntegrity(0, 1) { error("asked") } }
    }
}
