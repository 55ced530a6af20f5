package io.bonafide

import android.app.Application
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** A test that runs on each Android that we have. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34, 35])
abstract class OnAndroid {
    protected val app: Application get() = RuntimeEnvironment.getApplication()
}
