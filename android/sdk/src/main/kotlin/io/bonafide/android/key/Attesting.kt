package io.bonafide.android.key

import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import io.bonafide.platform.KeyFacts
import java.security.GeneralSecurityException
import java.security.ProviderException

/**
 * Makes attested keys, and finds out where that cannot be had: a phone that never attests must not try with each token, and
 * one whose attestation keys have run out must go on trying.
 *
 * What it finds out holds until the process ends: phones are updated.
 */
internal class Attesting(
    private val vault: KeyVault,
    private val strongBox: Boolean,
) {
    /** False once this phone has shown that it cannot attest. */
    @Volatile
    var possible: Boolean = true
        private set

    private var failures = 0

    /**
     * Makes an attested key; under the lock. Returns its chain.
     *
     * @param beside the key in use: one that is held in software says that this store has nothing better.
     * @throws InstallKeyException where this phone does not attest.
     */
    @Throws(GeneralSecurityException::class, ProviderException::class)
    fun make(
        alias: String,
        beside: String,
        challenge: ByteArray,
    ): List<ByteArray> {
        // What software attests would only be refused, and taken for worse than what says nothing.
        if (vault.publicKey(beside) != null && vault.level(beside) == KeyFacts.Level.SOFTWARE) throw never(IN_SOFTWARE)
        for (place in if (strongBox) listOf(true, false) else listOf(false)) {
            if (!generated(alias, challenge, place)) continue
            val chain = vault.chain(alias)
            if (chain.size > 1 && vault.level(alias) != KeyFacts.Level.SOFTWARE) {
                failures = 0
                return chain
            }
        }
        vault.delete(alias)
        throw never(UNATTESTED)
    }

    /** False where StrongBox fails, for whatever reason: the trusted execution environment is left. */
    private fun generated(
        alias: String,
        challenge: ByteArray,
        strongBox: Boolean,
    ): Boolean {
        try {
            vault.generate(alias, challenge, strongBox)
            return true
        } catch (e: RuntimeException) {
            // ProviderException as a rule; but vendors' stores throw what they like.
            if (strongBox) return false
            failed(e)
            throw e
        } catch (e: GeneralSecurityException) {
            if (strongBox) return false
            failed(e)
            throw e
        }
    }

    private fun failed(failure: Exception) {
        when (KeyFailures.neverAttests(failure)) {
            true -> throw never(UNATTESTED, failure)
            false -> return
            null -> failures++
        }
        // Older Androids do not say why. A store that goes on making other keys has nothing to attest with.
        if (failures >= ENOUGH && vault.works()) throw never(UNATTESTED, failure)
    }

    private fun never(
        why: String,
        cause: Exception? = null,
    ): InstallKeyException {
        possible = false
        return InstallKeyException(Kind.FAILED, why, cause)
    }

    private companion object {
        const val ENOUGH = 5
        const val IN_SOFTWARE = "this phone holds its keys in software, and so attests none"
        const val UNATTESTED = "this phone attests no keys"
    }
}
