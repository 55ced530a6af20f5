package io.bonafide

import java.io.File
import java.io.IOException

/**
 * Where the initial config comes from: the file that `bonafide config export` wrote.
 *
 * Read once, while starting, on a thread of Bonafide's own.
 */
public fun interface InitialConfig {
    /**
     * The bytes of the file.
     *
     * @throws IOException if it cannot be read; the start then fails as `bad_initial_config`.
     */
    @Throws(IOException::class)
    public fun read(): ByteArray

    public companion object {
        /** The content of [file]. */
        @JvmStatic
        public fun of(file: File): InitialConfig = InitialConfig { file.readBytes() }

        /** These [bytes]. */
        @JvmStatic
        public fun of(bytes: ByteArray): InitialConfig = bytes.copyOf().let { copy -> InitialConfig { copy } }
    }
}
