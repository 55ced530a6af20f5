package io.bonafide.instrumented

import android.app.Activity
import android.app.Instrumentation
import android.os.Bundle
import org.junit.runner.Description
import org.junit.runner.JUnitCore
import org.junit.runner.Request
import org.junit.runner.Result
import org.junit.runner.notification.Failure
import org.junit.runner.notification.RunListener

/**
 * Runs the cases of `assets/cases.txt` with JUnit, and tells `am instrument -r` of each in the form that Android Studio and
 * scripts/android/emulator.py read. AndroidX's runner would do it too; it comes as five AARs that only Gradle merges.
 */
class CaseRunner : Instrumentation() {
    override fun onCreate(arguments: Bundle?) {
        super.onCreate(arguments)
        Device.arguments = arguments ?: Bundle()
        start()
    }

    override fun onStart() {
        val cases = Cases.listed(context.assets.open(Cases.FILE).bufferedReader().use { it.readText() })
        val summary = Bundle()
        try {
            val core = JUnitCore()
            val told = Told(cases.size)
            core.addListener(told)
            val results = cases.map { core.run(Request.method(it.type(), it.method)) }
            val failures = results.sumOf(Result::getFailureCount)
            summary.putString(Instrumentation.REPORT_KEY_STREAMRESULT, "\nCases: ${cases.size}, failures: $failures\n")
        } catch (
            @Suppress("TooGenericExceptionCaught") e: Throwable,
        ) {
            summary.putString("shortMsg", "$e")
            summary.putString("longMsg", e.stackTraceToString())
        }
        finish(Activity.RESULT_OK, summary)
    }

    /** The keys and codes of `am instrument -r`: 1 a case begins, 0 it passed, -2 it failed, -4 it could not be tried. */
    private inner class Told(
        private val all: Int,
    ) : RunListener() {
        private var number = 0
        private var outcome = PASSED
        private var trace: String? = null

        override fun testStarted(description: Description) {
            number++
            outcome = PASSED
            trace = null
            tell(description, BEGINS)
        }

        override fun testFailure(failure: Failure) {
            outcome = FAILED
            trace = failure.trace
        }

        override fun testAssumptionFailure(failure: Failure) {
            outcome = NOT_TRIED
            trace = failure.message
        }

        override fun testFinished(description: Description) = tell(description, outcome)

        private fun tell(
            description: Description,
            code: Int,
        ) {
            val told = Bundle()
            told.putString("class", description.className)
            told.putString("test", description.methodName)
            told.putInt("current", number)
            told.putInt("numtests", all)
            trace?.let { told.putString("stack", it) }
            sendStatus(code, told)
        }
    }

    private companion object {
        const val BEGINS = 1
        const val PASSED = 0
        const val FAILED = -2
        const val NOT_TRIED = -4
    }
}
