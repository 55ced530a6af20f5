package io.bonafide.android

import android.content.Context
import io.bonafide.StartOptions
import io.bonafide.android.key.AndroidKeyVault
import io.bonafide.android.key.KeyLock
import io.bonafide.android.key.KeyPointer
import io.bonafide.android.key.KeySlots
import io.bonafide.android.key.VaultInstallKey
import io.bonafide.platform.Connectivity
import io.bonafide.platform.InstallKey
import io.bonafide.platform.Platform
import io.bonafide.platform.PlatformEvidence
import io.bonafide.platform.SystemProperties
import java.io.File

/** Android, as the core sees it. */
internal class AndroidPlatform(
    private val context: Context,
    options: StartOptions,
    private val library: NativeLibrary,
    storage: () -> File,
) : Platform {
    override val kind: Platform.Kind
        get() = Platform.Kind.ANDROID

    override val installKey: InstallKey =
        AndroidKeyVault("${keyName(options)}/probe").let { vault ->
            VaultInstallKey(
                vault = vault,
                slots = KeySlots(keyName(options), KeyPointer({ File(storage(), "install-key.in-use") }), vault),
                lock = KeyLock { File(storage(), "install-key.lock") },
                strongBox = options.strongBox,
                userUnlocked = { UserLock.isUnlocked(context) },
            )
        }

    override val evidence: PlatformEvidence? = options.evidence

    override val properties: SystemProperties = DeviceProperties(context)

    override val connectivity: Connectivity = NetworkHint(context)

    override fun provideLibrary(storage: File) {
        Logcat.install()
        library.provide(context)
    }

    private fun keyName(options: StartOptions) = "io.bonafide.install-key.${options.name}"
}
