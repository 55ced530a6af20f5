package io.bonafide

/** Hears of pin mismatches that stood after a newer config had been asked for; for an app's own telemetry. */
public fun interface MismatchListener {
    /**
     * Called on the thread of the request in question; must return soon. What it throws is ignored.
     *
     * @param mismatch host, expected and served pins.
     * @param enforced true when the request was stopped for it, false in `report` mode.
     */
    public fun onMismatch(
        mismatch: PinVerdict.Mismatch,
        enforced: Boolean,
    )
}
