package io.bonafide.play

import android.content.Context
import android.util.Base64
import com.google.android.gms.tasks.Task
import com.google.android.play.core.integrity.IntegrityManager
import com.google.android.play.core.integrity.IntegrityManagerFactory
import com.google.android.play.core.integrity.IntegrityTokenRequest
import com.google.android.play.core.integrity.IntegrityTokenResponse
import io.bonafide.platform.EvidenceFailure
import io.bonafide.platform.EvidenceFailure.Kind
import io.bonafide.platform.PlatformApi
import io.bonafide.platform.PlatformEvidence
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

/**
 * Google Play Integrity as evidence, beside Key Attestation or where a phone has none:
 * `Bonafide.start(context, StartOptions(evidence = PlayIntegrity(context, cloudProjectNumber)))`.
 *
 * Classic requests are made, whose tokens the operator's own keys open (`bonafide evidence play-keys`). Google is asked when
 * the service wants new evidence, never at each request; without an answer the app's requests go on, and the server judges
 * that.
 *
 * Made, it does nothing. An app without Google Play loses nothing by it but the evidence.
 */
public class PlayIntegrity internal constructor(
    private val cloudProjectNumber: Long,
    private val waitMillis: Long,
    manager: () -> IntegrityManager,
) : PlatformEvidence {
    /**
     * @param context any of the app's.
     * @param cloudProjectNumber of the Google Cloud project that Play Integrity is switched on in; the Play Console shows it.
     * @throws IllegalArgumentException for a number that is none.
     */
    public constructor(context: Context, cloudProjectNumber: Long) :
        this(cloudProjectNumber, WAIT_MILLIS, { IntegrityManagerFactory.create(context.applicationContext ?: context) })

    init {
        require(cloudProjectNumber > 0) { "no Google Cloud project has the number $cloudProjectNumber" }
    }

    /** Google's library looks around in the system: not on the thread that makes this. */
    private val manager by lazy(manager)

    @PlatformApi
    override val kind: PlatformEvidence.Kind
        get() = PlatformEvidence.Kind.PLAY_INTEGRITY

    @PlatformApi
    override fun statement(boundHash: ByteArray): String {
        val nonce = Base64.encodeToString(boundHash, Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP)
        return try {
            val request = IntegrityTokenRequest.builder().setNonce(nonce).setCloudProjectNumber(cloudProjectNumber).build()
            manager.requestIntegrityToken(request).answer().token()
        } catch (e: RuntimeException) {
            throw EvidenceFailure(Kind.UNAVAILABLE, "Google's library failed: $e", e)
        } catch (e: InterruptedException) {
            Thread.currentThread().interrupt()
            throw EvidenceFailure(Kind.UNAVAILABLE, "interrupted while waiting for Google Play", e)
        }
    }

    /** Google's own way to wait refuses threads that it takes for the main one; this works on every thread. */
    private fun Task<IntegrityTokenResponse>.answer(): IntegrityTokenResponse {
        val done = CountDownLatch(1)
        addOnCompleteListener({ it.run() }) { done.countDown() }
        if (!done.await(waitMillis, TimeUnit.MILLISECONDS)) {
            throw EvidenceFailure(Kind.UNAVAILABLE, "Google Play did not answer within $waitMillis ms")
        }
        if (isCanceled) throw EvidenceFailure(Kind.UNAVAILABLE, "Google Play cancelled the request")
        exception?.let { throw PlayFailures.typed(it) }
        return result
    }

    private companion object {
        /** A request waits ten seconds; what comes later goes with the next one, while its challenge is good. */
        const val WAIT_MILLIS = 60_000L
    }
}
