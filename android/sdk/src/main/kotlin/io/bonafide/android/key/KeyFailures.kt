package io.bonafide.android.key

import android.os.Build
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import io.bonafide.android.NewerAndroid
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import java.io.IOException
import java.security.InvalidKeyException
import java.security.KeyStoreException
import java.security.ProviderException
import java.security.SignatureException
import java.security.UnrecoverableKeyException

/**
 * What an exception of the key store means for the key.
 *
 * By type and cause, never by text. Only what proves that the key is gone counts as lost, since a lost key is a new
 * installation; and what merely might be is decided by whether the store works otherwise.
 */
internal object KeyFailures {
    /** What follows, or null where the exception alone does not tell. */
    fun kindOf(failure: Throwable): Kind? {
        val causes = causesOf(failure).toList()
        return when {
            causes.any { it is KeyPermanentlyInvalidatedException } -> Kind.LOST
            causes.any { it is UserNotAuthenticatedException } -> Kind.UNAVAILABLE
            else -> causes.firstNotNullOfOrNull { coded(it) } ?: byType(causes)
        }
    }

    /** Whether Android says that it never attests; null where what it says may mean either, and before Android 13 always. */
    fun neverAttests(failure: Throwable): Boolean? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            causesOf(failure).firstNotNullOfOrNull { Coded.neverAttests(it) }
        } else {
            null
        }

    private fun causesOf(failure: Throwable) = generateSequence(failure) { it.cause }.take(MAX_CAUSES)

    private fun coded(failure: Throwable): Kind? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) Coded.kindOf(failure) else null

    private fun byType(causes: List<Throwable>): Kind? =
        when {
            // The store says that the key is there and that it cannot be had.
            causes.any { it is UnrecoverableKeyException || it is InvalidKeyException } -> null
            // Older Androids wrap everything into these: attestation keys that have run out, a busy or a restarted daemon.
            causes.any { it is ProviderException || it is KeyStoreException || it is SignatureException || it is IOException } ->
                Kind.UNAVAILABLE
            else -> Kind.FAILED
        }

    fun typed(
        kind: Kind,
        failure: Throwable,
    ) = InstallKeyException(kind, causesOf(failure).joinToString(": ") { it.toString() }, failure)

    private const val MAX_CAUSES = 8
}

/** The codes that Android 13 and newer give. */
@NewerAndroid(Build.VERSION_CODES.TIRAMISU)
private object Coded {
    fun kindOf(failure: Throwable): Kind? =
        when {
            failure !is android.security.KeyStoreException -> null
            failure.numericErrorCode in GONE -> Kind.LOST
            failure.isTransientFailure || failure.requiresUserAuthentication() || failure.isSystemError -> Kind.UNAVAILABLE
            failure.numericErrorCode in LATER -> Kind.UNAVAILABLE
            else -> null
        }

    /** True: never. False: later. Null: what is said may mean either. */
    fun neverAttests(failure: Throwable): Boolean? =
        when {
            failure !is android.security.KeyStoreException -> null
            failure.numericErrorCode == android.security.KeyStoreException.ERROR_UNIMPLEMENTED -> true
            failure.isTransientFailure || failure.numericErrorCode in OUT_OF_ATTESTATION_KEYS -> false
            else -> null
        }

    private val OUT_OF_ATTESTATION_KEYS =
        setOf(
            android.security.KeyStoreException.ERROR_ATTESTATION_KEYS_UNAVAILABLE,
            android.security.KeyStoreException.ERROR_DEVICE_REQUIRES_UPGRADE_FOR_ATTESTATION,
        )
    private val GONE =
        setOf(
            android.security.KeyStoreException.ERROR_KEY_DOES_NOT_EXIST,
            android.security.KeyStoreException.ERROR_KEY_CORRUPTED,
        )
    private val LATER =
        setOf(
            android.security.KeyStoreException.ERROR_KEYSTORE_UNINITIALIZED,
            android.security.KeyStoreException.ERROR_KEYMINT_FAILURE,
        ) + OUT_OF_ATTESTATION_KEYS
}
