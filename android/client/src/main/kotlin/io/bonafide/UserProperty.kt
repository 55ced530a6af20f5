package io.bonafide

/** The user property that was set last, told to the engine once there is one. */
internal class UserProperty {
    private var engine: Engine? = null

    /** Rises with each change, after the engine knows of it: a lease asked for under an older count is not kept. */
    @Volatile
    var changes: Int = 0
        private set

    @get:Synchronized
    @set:Synchronized
    var value: String? = null
        set(wanted) {
            require(wanted == null || wanted.matches(FORM)) { REFUSED }
            val refused = engine?.setQuietly(wanted)
            require(refused == null) { refused.orEmpty() }
            field = wanted
            changes++
        }

    /** From now on [engine] is told; it asks for no token before. */
    @Synchronized
    fun tell(engine: Engine) {
        this.engine = engine
        value?.let { engine.setQuietly(it) }
    }

    /** An engine that was closed meanwhile gives no tokens any more. */
    private fun Engine.setQuietly(wanted: String?): String? =
        try {
            setUserProperty(wanted)
        } catch (_: BonafideException) {
            null
        }
}

/** As the protocol has it; before a start there is no core to ask. */
private val FORM = Regex("[\\x21-\\x2b\\x2d-\\x7e]{1,128}")
private const val REFUSED = "a user property has 1 to 128 characters of visible ASCII, without a space or a comma"
