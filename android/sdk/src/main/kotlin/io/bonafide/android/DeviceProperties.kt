package io.bonafide.android

import android.content.Context
import android.os.Build
import android.provider.Settings
import io.bonafide.platform.SystemProperties

/**
 * What Android's public API tells of the system's properties, and the core's own names. The others are read by the
 * native side: an app's code has no lawful way to them.
 */
internal class DeviceProperties(
    private val context: Context,
) : SystemProperties {
    override fun property(name: String): String? =
        when (name) {
            "ro.build.tags" -> Build.TAGS.known()
            "ro.hardware" -> Build.HARDWARE.known()
            "ro.product.manufacturer" -> Build.MANUFACTURER.known()
            "ro.product.model" -> Build.MODEL.known()
            "bonafide.data_dir" -> context.dataDir?.absolutePath
            "bonafide.developer_options" -> switch(Settings.Global.DEVELOPMENT_SETTINGS_ENABLED)
            "bonafide.adb" -> switch(Settings.Global.ADB_ENABLED)
            else -> null
        }

    private fun String?.known(): String? = takeUnless { it.isNullOrEmpty() || it == Build.UNKNOWN }

    private fun switch(name: String): String? =
        try {
            if (Settings.Global.getInt(context.contentResolver, name, 0) == 0) "0" else "1"
        } catch (_: RuntimeException) {
            // Not readable is not "off".
            null
        }
}
