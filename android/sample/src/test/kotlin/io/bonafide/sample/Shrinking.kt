package io.bonafide.sample

import com.android.tools.r8.ClassFileResourceProvider
import com.android.tools.r8.Diagnostic
import com.android.tools.r8.DiagnosticsHandler

/** What is left out of a library is missed in hundreds of lines. */
internal object Silent : DiagnosticsHandler {
    /** Rules for what is not there: JNA, where only class files run. */
    override fun info(info: Diagnostic) = Unit

    override fun warning(warning: Diagnostic) = Unit
}

/** R8 reads the whole of a library to know who extends whom: of a desktop's Java and of Android's inside, minutes. */
internal class Partial(
    private val whole: ClassFileResourceProvider,
) : ClassFileResourceProvider by whole {
    override fun getClassDescriptors(): Set<String> =
        whole.classDescriptors.filterTo(mutableSetOf()) { name -> LIBRARY.any { name.startsWith(it) } }

    private companion object {
        val LIBRARY =
            listOf("app", "content", "net", "os", "provider", "security", "text", "util", "view", "widget").map { "Landroid/$it/" } +
                listOf("io", "lang", "math", "net", "nio", "security", "text", "time", "util").map { "Ljava/$it/" } +
                listOf("Ljavax/net/", "Ljavax/security/", "Ldalvik/", "Lorg/json/")
    }
}
