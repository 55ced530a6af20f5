package io.bonafide.android

import android.content.Context
import io.bonafide.BonafideException
import io.bonafide.StatusCode
import java.io.FileNotFoundException
import java.io.IOException

/** The initial config among the app's assets, where the app's signature covers it. Readable before the first unlock. */
internal object ConfigAsset {
    private const val NAME = "bonafide.config"

    /** @throws BonafideException `bad_initial_config`, with the command that writes the file and its place. */
    fun read(context: Context): ByteArray =
        try {
            context.assets.open(NAME).use { it.readBytes() }
        } catch (e: FileNotFoundException) {
            throw unusable("assets/$NAME is not in the app.", e)
        } catch (e: IOException) {
            throw unusable("assets/$NAME cannot be read: $e.", e)
        }

    private fun unusable(
        what: String,
        cause: Throwable,
    ): BonafideException {
        val detail = "$what Run `bonafide config export -o app/src/main/assets/$NAME` and build the app again."
        return BonafideException(StatusCode.BAD_INITIAL_CONFIG, mapOf("asset" to NAME), detail, cause)
    }
}
