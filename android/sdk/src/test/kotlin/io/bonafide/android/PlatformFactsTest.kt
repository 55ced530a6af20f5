package io.bonafide.android

import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.os.Build
import android.provider.Settings
import io.bonafide.BonafideException
import io.bonafide.OnAndroid
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowBuild
import org.robolectric.shadows.ShadowNetworkCapabilities

/** What is told of app, device and network. */
class PlatformFactsTest : OnAndroid() {
    @Test
    fun `the app's version code may be long`() {
        val installed = shadowOf(app.packageManager).getInternalMutablePackageInfo(app.packageName)
        installed.versionName = "1.2.3"
        installed.longVersionCode = (3L shl 32) + 7
        val facts = AppFacts.of(app)
        assertEquals(listOf(app.packageName, "1.2.3", "12884901895"), listOf(facts.id, facts.version, facts.build))
    }

    @Test
    fun `an app without a version name is told so`() {
        shadowOf(app.packageManager).getInternalMutablePackageInfo(app.packageName).versionName = null
        assertEquals("", AppFacts.of(app).version)
    }

    @Test
    fun `isolated processes are those of these uids`() {
        for (uid in listOf(99_000, 99_999, 90_000, 1_099_001)) {
            assertThrows("$uid", BonafideException::class.java) { ProcessCheck.refuseIsolated(uid) }
        }
        for (uid in listOf(1000, 10_000, 10_123, 19_999, 1_010_123)) ProcessCheck.refuseIsolated(uid)
    }

    @Test
    fun `properties come from Build, and what is unknown is not told`() {
        val properties = DeviceProperties(app)
        ShadowBuild.setTags("test-keys")
        ShadowBuild.setModel("Pixel 10")
        assertEquals("test-keys", properties.property("ro.build.tags"))
        assertEquals("Pixel 10", properties.property("ro.product.model"))
        ShadowBuild.setModel(Build.UNKNOWN)
        assertNull(properties.property("ro.product.model"))
        assertNull(properties.property("ro.debuggable"))
        assertEquals(app.dataDir.absolutePath, properties.property("bonafide.data_dir"))
    }

    @Test
    fun `developer options and adb are told apart`() {
        val properties = DeviceProperties(app)
        assertEquals("0", properties.property("bonafide.developer_options"))
        Settings.Global.putInt(app.contentResolver, Settings.Global.DEVELOPMENT_SETTINGS_ENABLED, 1)
        assertEquals("1", properties.property("bonafide.developer_options"))
        assertEquals("0", properties.property("bonafide.adb"))
        Settings.Global.putInt(app.contentResolver, Settings.Global.ADB_ENABLED, 1)
        assertEquals("1", properties.property("bonafide.adb"))
    }

    @Test
    fun `the network is a hint`() {
        val manager = app.getSystemService(ConnectivityManager::class.java)
        val hint = NetworkHint(app)
        val capabilities = ShadowNetworkCapabilities.newInstance()
        shadowOf(manager).setNetworkCapabilities(manager.activeNetwork, capabilities)
        assertEquals(false, hint.online())
        shadowOf(capabilities).addCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET)
        shadowOf(manager).setNetworkCapabilities(manager.activeNetwork, capabilities)
        assertEquals(true, hint.online())
        shadowOf(manager).setActiveNetworkInfo(null)
        assertEquals(false, hint.online())
        assertNull(hint.proxy())
    }
}
