package io.bonafide.android

import android.content.Context
import android.content.pm.PackageInfo
import android.content.pm.PackageManager
import android.os.Build

/**
 * What the package manager says of the app. Facts only: the service believes what the APK's own signature says.
 *
 * @property version the version that people read; empty where the app has none.
 * @property build the long version code, decimal.
 */
internal class AppFacts(
    val id: String,
    val version: String,
    val build: String,
) {
    companion object {
        fun of(context: Context): AppFacts {
            val id = context.packageName
            val found: PackageInfo? =
                try {
                    context.packageManager.getPackageInfo(id, 0)
                } catch (_: PackageManager.NameNotFoundException) {
                    // A cloner's half-made package. The service sees an app without a version.
                    null
                }
            return AppFacts(id, found?.versionName.orEmpty(), found?.code()?.toString().orEmpty())
        }

        private fun PackageInfo.code() = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) longVersion() else shortVersion()

        @NewerAndroid(Build.VERSION_CODES.P)
        private fun PackageInfo.longVersion(): Long = longVersionCode

        @Suppress("DEPRECATION")
        private fun PackageInfo.shortVersion(): Long = versionCode.toLong()
    }
}
