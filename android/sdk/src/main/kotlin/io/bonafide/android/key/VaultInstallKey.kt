package io.bonafide.android.key

import io.bonafide.platform.InstallKey
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import io.bonafide.platform.KeyFacts
import java.security.GeneralSecurityException
import java.security.ProviderException
import java.security.interfaces.ECPublicKey

/** The install key in a [KeyVault]: when it is made, and what the vault's failures mean. */
internal class VaultInstallKey(
    private val vault: KeyVault,
    private val lock: KeyLock,
    private val strongBox: Boolean,
    private val userUnlocked: () -> Boolean,
) : InstallKey {
    override fun loadOrCreate(): KeyFacts =
        asking {
            vault.publicKey()?.let { return@asking facts(it) }
            lock.holding {
                // Another process may have made it meanwhile.
                if (vault.publicKey() == null) generate(challenge = null)
                facts(vault.publicKey() ?: throw lost())
            }
        }

    /** A new key in place of the one that there is, attested for [challenge]. */
    fun recreate(challenge: ByteArray): KeyFacts =
        asking {
            lock.holding {
                generate(challenge)
                facts(vault.publicKey() ?: throw lost())
            }
        }

    /** The key's attestation chain as DER, leaf first. */
    fun attestationChain(): List<ByteArray> = asking { vault.chain() }

    override fun sign(message: ByteArray): ByteArray = asking { EcdsaSignature.toJose(vault.sign(message) ?: throw lost()) }

    override fun reset(): Unit = asking { lock.holding { vault.delete() } }

    private fun generate(challenge: ByteArray?) {
        if (strongBox) {
            try {
                return vault.generate(challenge, strongBox = true)
            } catch (_: ProviderException) {
                // None there, or one that is broken or full; whatever else is wrong shows in the second attempt.
            }
        }
        vault.generate(challenge, strongBox = false)
    }

    private fun facts(key: ECPublicKey) = KeyFacts(P256Point.of(key), vault.level())

    /** Before the first unlock the key is there and cannot be used; and whoever asked the store could take it for gone. */
    private inline fun <T> asking(work: () -> T): T {
        if (!userUnlocked()) throw InstallKeyException(Kind.UNAVAILABLE, "the phone has not been unlocked since it was started")
        return try {
            work()
        } catch (e: GeneralSecurityException) {
            throw explained(e)
        } catch (e: ProviderException) {
            throw explained(e)
        } catch (e: IllegalStateException) {
            // AndroidKeyStore, where its daemon is not there.
            throw KeyFailures.typed(Kind.UNAVAILABLE, e)
        }
    }

    /** A key that cannot be had in a store that works, is gone; where the store does not work, nobody can tell. */
    private fun explained(failure: Exception): InstallKeyException {
        val kind = KeyFailures.kindOf(failure) ?: if (userUnlocked() && vault.works()) Kind.LOST else Kind.UNAVAILABLE
        return KeyFailures.typed(kind, failure)
    }

    private fun lost() = InstallKeyException(Kind.LOST, "the key store has no such key")
}
