package io.bonafide.android.key

import io.bonafide.platform.InstallKey
import io.bonafide.platform.InstallKeyException
import io.bonafide.platform.InstallKeyException.Kind
import io.bonafide.platform.KeyCandidate
import io.bonafide.platform.KeyFacts
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.ProviderException
import java.security.interfaces.ECPublicKey

/**
 * The install key in a [KeyVault]: when it is made, how a candidate takes its place, and what the vault's failures mean.
 *
 * The vault cannot rename a key, so the key in use and the candidate have a name each, and a file says whose is whose.
 */
internal class VaultInstallKey(
    private val vault: KeyVault,
    private val slots: KeySlots,
    private val lock: KeyLock,
    private val strongBox: Boolean,
    private val userUnlocked: () -> Boolean,
) : InstallKey {
    private val attesting = Attesting(vault, strongBox)

    override fun attests(): Boolean = attesting.possible

    override fun loadOrCreate(): KeyFacts =
        asking {
            written(::facts)?.let { return@asking it }
            lock.holding {
                val alias = slots.found().inUse
                // Another process may have made it meanwhile.
                if (vault.publicKey(alias) == null) generate(alias)
                facts(alias) ?: throw lost()
            }
        }

    override fun load(): KeyFacts? = asking { inUse(::facts) }

    override fun sign(message: ByteArray): ByteArray = asking { EcdsaSignature.toJose(inUse { vault.sign(it, message) } ?: throw lost()) }

    override fun reset(): Unit = asking { lock.holding { slots.all().forEach(vault::delete) } }

    override fun makeCandidate(challenge: ByteArray): KeyCandidate =
        ofCandidate {
            lock.holding {
                val names = slots.settled()
                val chain = attesting.make(names.candidate, names.inUse, challenge)
                KeyCandidate(facts(names.candidate) ?: throw noCandidate(), chain)
            }
        }

    override fun signWithCandidate(message: ByteArray): ByteArray =
        ofCandidate {
            val signature = slots.written()?.let { vault.sign(it.candidate, message) }
            EcdsaSignature.toJose(signature ?: throw noCandidate())
        }

    override fun adoptCandidate(point: ByteArray): Unit =
        ofCandidate {
            lock.holding {
                val names = slots.written() ?: throw noCandidate()
                val there = vault.publicKey(names.candidate) ?: throw noCandidate()
                if (!P256Point.of(there).contentEquals(point)) throw noCandidate()
                // What is not certain yet may be undone by a power cut, and then the old key is needed.
                if (slots.swap(names)) deleteQuietly(names.inUse)
            }
        }

    override fun dropCandidate(): Unit = ofCandidate { lock.holding { slots.written()?.let { vault.delete(it.candidate) } } }

    /**
     * Asks [work] about the key in use, first without the lock, which others hold for seconds. Where the key seems to be
     * gone, it may have been changed meanwhile: then again, with the lock.
     */
    private fun <T : Any> inUse(work: (String) -> T?): T? = written(work) ?: lock.holding { work(slots.found().inUse) }

    private fun <T : Any> written(work: (String) -> T?): T? {
        val names = slots.written() ?: return null
        return try {
            work(names.inUse)
        } catch (e: GeneralSecurityException) {
            if (certainlyThere(e)) throw e else null
        } catch (e: ProviderException) {
            if (certainlyThere(e)) throw e else null
        }
    }

    private fun certainlyThere(failure: Exception) = KeyFailures.kindOf(failure).let { it != null && it != Kind.LOST }

    private fun generate(alias: String) {
        if (strongBox) {
            try {
                return vault.generate(alias, challenge = null, strongBox = true)
            } catch (_: GeneralSecurityException) {
                // None there, or one that is broken or full; whatever else is wrong shows in the second attempt.
            } catch (_: RuntimeException) {
                // Vendors' stores throw what they like.
            }
        }
        vault.generate(alias, challenge = null, strongBox = false)
    }

    /** What is left lies where the next candidate will, and is in nobody's way. */
    private fun deleteQuietly(alias: String) {
        try {
            vault.delete(alias)
        } catch (_: GeneralSecurityException) {
        } catch (_: ProviderException) {
        } catch (_: IllegalStateException) {
        }
    }

    private fun facts(alias: String): KeyFacts? = vault.publicKey(alias)?.let { facts(alias, it) }

    private fun facts(
        alias: String,
        key: ECPublicKey,
    ) = KeyFacts(P256Point.of(key), vault.level(alias))

    /** Whatever becomes of a candidate is no reason to touch the key in use. */
    private inline fun <T> ofCandidate(work: () -> T): T =
        try {
            asking(ofCandidate = true, work)
        } catch (e: InstallKeyException) {
            throw if (e.kind == Kind.LOST) InstallKeyException(Kind.FAILED, e.message.orEmpty(), e) else e
        }

    /** Before the first unlock the key is there and cannot be used; and whoever asked the store could take it for gone. */
    private inline fun <T> asking(
        ofCandidate: Boolean = false,
        work: () -> T,
    ): T {
        if (!userUnlocked()) throw InstallKeyException(Kind.UNAVAILABLE, "the phone has not been unlocked since it was started")
        return try {
            work()
        } catch (e: GeneralSecurityException) {
            throw explained(e, ofCandidate)
        } catch (e: ProviderException) {
            throw explained(e, ofCandidate)
        } catch (e: IOException) {
            throw KeyFailures.typed(Kind.UNAVAILABLE, e)
        } catch (e: IllegalStateException) {
            // AndroidKeyStore, where its daemon is not there.
            throw KeyFailures.typed(Kind.UNAVAILABLE, e)
        }
    }

    /** A key that cannot be had in a store that works, is gone; where the store does not work, nobody can tell. */
    private fun explained(
        failure: Exception,
        ofCandidate: Boolean,
    ): InstallKeyException {
        val gone = { userUnlocked() && vault.works() && (ofCandidate || isStillGone()) }
        return KeyFailures.typed(KeyFailures.kindOf(failure) ?: if (gone()) Kind.LOST else Kind.UNAVAILABLE, failure)
    }

    /** What was busy for the key may have been free for the probe: so the key is asked once more, after it and a while. */
    private fun isStillGone(): Boolean =
        try {
            Thread.sleep(PAUSE_MILLIS)
            inUse { vault.sign(it, byteArrayOf(0)) } == null
        } catch (_: InterruptedException) {
            Thread.currentThread().interrupt()
            false
        } catch (e: Exception) {
            // Vendors' stores throw what they like.
            !certainlyThere(e)
        }

    private fun lost() = InstallKeyException(Kind.LOST, "the key store has no such key")

    private fun noCandidate() = InstallKeyException(Kind.FAILED, "there is no such candidate: another process may have made one meanwhile")
}

private const val PAUSE_MILLIS = 500L
