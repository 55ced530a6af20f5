package io.bonafide.play

import com.google.android.play.core.integrity.IntegrityServiceException
import com.google.android.play.core.integrity.model.IntegrityErrorCode
import io.bonafide.platform.EvidenceFailure
import io.bonafide.platform.EvidenceFailure.Kind

/**
 * What a failure of Google's means, by its code (developer.android.com, "Handle Play Integrity API error codes"). A code
 * that is not known here is taken for one that passes.
 */
internal object PlayFailures {
    private val NEVER =
        setOf(
            // There is no Google Play on this phone, or one without this service.
            IntegrityErrorCode.API_NOT_AVAILABLE,
            IntegrityErrorCode.PLAY_STORE_NOT_FOUND,
            IntegrityErrorCode.PLAY_SERVICES_NOT_FOUND,
            // The package that asks is not what the system has installed.
            IntegrityErrorCode.APP_NOT_INSTALLED,
            IntegrityErrorCode.APP_UID_MISMATCH,
            // Asked wrongly: so it will be the next time.
            IntegrityErrorCode.CLOUD_PROJECT_NUMBER_IS_INVALID,
            IntegrityErrorCode.NONCE_TOO_SHORT,
            IntegrityErrorCode.NONCE_TOO_LONG,
            IntegrityErrorCode.NONCE_IS_NOT_BASE64,
        )

    fun kindOf(code: Int): Kind = if (code in NEVER) Kind.UNSUPPORTED else Kind.UNAVAILABLE

    fun typed(failure: Exception): EvidenceFailure {
        val code = (failure as? IntegrityServiceException)?.errorCode
        val kind = code?.let { kindOf(it) } ?: Kind.UNAVAILABLE
        return EvidenceFailure(kind, if (code == null) "Google Play failed: $failure" else "Google Play answers with error $code", failure)
    }
}
