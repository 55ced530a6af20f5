package io.bonafide.android.key

/**
 * Which name in the key store belongs to the key in use, and which to the candidate.
 *
 * @param name what both names begin with. What follows occurs in no [io.bonafide.StartOptions.name], so that no two
 *   protections share a key.
 */
internal class KeySlots(
    private val name: String,
    private val pointer: KeyPointer,
    private val vault: KeyVault,
) {
    /** The two names, as they are now. */
    class Names(
        val inUse: String,
        val candidate: String,
        internal val slot: KeySlot,
    )

    /** What the file says; null where it says nothing, and only who holds the lock may find out. */
    fun written(): Names? = pointer.read()?.let { names(it) }

    /**
     * As it is, written or not; under the lock. A file that was lost costs no key: the only one there is in use, and of two
     * the older one, since a candidate is made after it.
     */
    fun found(): Names = written() ?: names(search())

    /** As it is, and written down from now on: before there is a candidate that could be taken for the key in use. */
    fun settled(): Names = written() ?: names(search(ifNone = KeySlot.SECOND)).also { pointer.write(it.slot) }

    /** The candidate is in use from now on. Returns whether that is certain even if the power fails now. */
    fun swap(names: Names): Boolean = pointer.write(names.slot.other)

    /** All names that a key can have. */
    fun all(): List<String> = KeySlot.entries.map { alias(it) }

    private fun search(ifNone: KeySlot = KeySlot.FIRST): KeySlot {
        val held = KeySlot.entries.filter { vault.publicKey(alias(it)) != null }
        return held.minByOrNull { vault.madeAt(alias(it)) ?: Long.MAX_VALUE } ?: ifNone
    }

    private fun names(slot: KeySlot) = Names(alias(slot), alias(slot.other), slot)

    private fun alias(slot: KeySlot) =
        when (slot) {
            KeySlot.FIRST -> name
            KeySlot.SECOND -> "$name/2"
        }
}
