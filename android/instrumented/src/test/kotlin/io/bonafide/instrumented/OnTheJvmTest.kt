package io.bonafide.instrumented

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.JUnitCore
import org.junit.runner.Request
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File

/**
 * The cases that need no device, run as they are in the APK, with the host's core: what fails on a phone then is the phone's.
 * `io.bonafide.internal` is instrumented because its one function is in the library for Android only.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], instrumentedPackages = ["io.bonafide.internal"])
class OnTheJvmTest {
    @Test
    fun `every case that has a counterpart here passes here`() {
        Device.app = RuntimeEnvironment.getApplication()
        val cases = Cases.listed(File("src/main/assets/${Cases.FILE}").readText()).filter { it.counterpart != null }
        assertTrue("${cases.size}", cases.size >= 8)
        val failures =
            cases.associate {
                it.name to JUnitCore().run(Request.method(it.type(), it.method))
            }.filterNot { it.value.wasSuccessful() }
        assertEquals(emptyMap<String, List<String>>(), failures.mapValues { (_, result) -> result.failures.map { it.trace } })
    }
}
