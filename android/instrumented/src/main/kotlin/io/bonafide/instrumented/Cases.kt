package io.bonafide.instrumented

/** The list of cases. */
object Cases {
    const val FILE = "cases.txt"

    /** @property counterpart the test on the JVM that shows the same; null: only a device can. */
    class Case(
        val name: String,
        val counterpart: String?,
    ) {
        val method: String get() = name.substringAfter('.')

        fun type(): Class<*> = Class.forName(javaClass.`package`!!.name + "." + name.substringBefore('.'))
    }

    fun listed(text: String): List<Case> =
        text
            .lineSequence()
            .map { it.substringBefore('#').trim() }
            .filter { it.isNotEmpty() }
            .map { line ->
                val (name, counterpart) = line.split('=', limit = 2).map { it.trim() }
                Case(name, counterpart.takeUnless { it == "device" })
            }.toList()
}
