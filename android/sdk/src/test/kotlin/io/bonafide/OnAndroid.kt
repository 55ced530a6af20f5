package io.bonafide

import android.app.Application
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.ConscryptMode

/** A test that runs on each Android that we have; TLS and keys are Java's own, as in OkHttp's suite. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34, 35])
@ConscryptMode(ConscryptMode.Mode.OFF)
abstract class OnAndroid {
    protected val app: Application get() = RuntimeEnvironment.getApplication()
}
