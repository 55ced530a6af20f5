package io.bonafide.android

import android.content.Context
import io.bonafide.BonafideException
import io.bonafide.StatusCode
import java.io.File

/**
 * Where the core keeps its records: device-protected storage, so that they are there before the first unlock as well
 * (docs/adr/0017), and `no_backup` in it, so that no backup and no transfer to another phone takes them along.
 */
internal object StorageFolder {
    /**
     * The folder of the protection [name]; made by who writes into it.
     *
     * @throws BonafideException `unsupported_environment` where the app has no storage of its own.
     */
    fun of(
        context: Context,
        name: String,
    ): File {
        val noBackup =
            try {
                context.createDeviceProtectedStorageContext().noBackupFilesDir
            } catch (e: RuntimeException) {
                // The framework throws what it likes where the folder cannot be made.
                throw unavailable(e)
            }
        return File(File(noBackup ?: throw unavailable(null), "bonafide"), name)
    }

    private fun unavailable(cause: Throwable?) =
        BonafideException(
            StatusCode.UNSUPPORTED_ENVIRONMENT,
            mapOf("storage" to "unavailable"),
            "The app's own storage cannot be used: ${cause ?: "there is none"}.",
            cause,
        )
}
