package io.bonafide

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.platform.engine.discovery.ClassNameFilter
import org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage
import org.junit.platform.launcher.TagFilter
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder
import org.junit.platform.launcher.core.LauncherFactory
import org.junit.platform.launcher.listeners.SummaryGeneratingListener

/**
 * The suite of bonafide-okhttp, unchanged, against this facade and inside of each Android: its classes are those of that
 * module's test jar, and Jupiter's launcher runs them in Robolectric's class loader.
 */
class OkHttpSuiteTest : OnAndroid() {
    @Test
    fun `the whole suite passes`() {
        System.setProperty(FIXTURE, AndroidFixture::class.java.name)
        try {
            val request =
                LauncherDiscoveryRequestBuilder
                    .request()
                    .selectors(selectPackage("io.bonafide.okhttp"))
                    .filters(
                        // The committed API is the module's own affair, and an older OkHttp needs another class path.
                        ClassNameFilter.excludeClassNamePatterns(".*\\.ApiTest"),
                        TagFilter.excludeTags("old-okhttp"),
                    ).build()
            val listener = SummaryGeneratingListener()
            LauncherFactory.create().execute(request, listener)
            val failures = listener.summary.failures.map { "${it.testIdentifier.displayName}: ${it.exception}" }
            assertEquals(emptyList<String>(), failures)
            val succeeded = listener.summary.testsSucceededCount
            assertTrue("only $succeeded tests ran", succeeded >= SUITE)
        } finally {
            System.clearProperty(FIXTURE)
        }
    }

    private companion object {
        const val FIXTURE = "bonafide.fixture"
        const val SUITE = 80
    }
}
