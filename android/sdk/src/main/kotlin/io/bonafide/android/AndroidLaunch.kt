package io.bonafide.android

import android.content.Context
import io.bonafide.InitialConfig
import io.bonafide.Settings
import io.bonafide.StartOptions

/** Makes the settings and the platform of one start. Its constructor does no I/O; [settings] does all of it. */
internal class AndroidLaunch(
    private val context: Context,
    private val options: StartOptions,
    library: NativeLibrary,
    private val onUnlock: () -> Unit = {},
) {
    private val storage by lazy { StorageFolder.of(context, options.name) }

    val platform = AndroidPlatform(context, options, library) { storage }

    /** Blocks; throws a typed status for each way in which a process cannot be protected. */
    fun settings(): Settings {
        ProcessCheck.refuseIsolated()
        UserLock.onUnlock(context, onUnlock)
        val app = AppFacts.of(context)
        return Settings(
            initialConfig = options.initialConfig ?: InitialConfig { ConfigAsset.read(context) },
            storage = storage,
            appId = app.id,
            appVersion = app.version,
            appBuild = app.build,
            requestTimeoutMillis = options.requestTimeoutMillis,
            logLevel = options.logLevel,
            developmentKey = options.developmentKey,
        )
    }
}
