package io.bonafide

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import java.io.File
import java.nio.file.Files

/**
 * A library of another build that lies where Bonafide's should: it would be called with arguments that it does not
 * expect. It has every function's name here, and the process that loads it is one of its own, since none gives a library
 * back.
 */
class ForeignLibraryTest {
    @ParameterizedTest
    @CsvSource("another version of UniFFI, 1", "the same with other functions, $CONTRACT")
    fun `a library of another build is refused before it is called`(
        what: String,
        contract: Int,
    ) {
        val (said, called) = startOver(library(contract))
        // Twice: the virtual machine says it in another way from the second time on.
        assertEquals("INTERNAL_ERROR INTERNAL_ERROR", said, what)
        assertEquals(false, called, what)
    }

    private fun library(contract: Int): File {
        val folder = Files.createTempDirectory("foreign-library").toFile().apply { deleteOnExit() }
        val real = checkNotNull(HOSTS.firstNotNullOfOrNull { javaClass.getResource("/$it/libbonafide.so") })
        val names = FUNCTION.findAll(real.readBytes().toString(Charsets.ISO_8859_1)).map { it.value }.toSet()
        assertTrue(names.size > 50, "$names")
        val code =
            names.joinToString("\n", "#include <fcntl.h>\n") { name ->
                when {
                    name == "ffi_bonafide_uniffi_contract_version" -> "int $name(void) { return $contract; }"
                    "_checksum_" in name -> "int $name(void) { return 0; }"
                    else -> "long $name(void) { open(\"$folder/called\", O_CREAT | O_WRONLY, 0600); return 0; }"
                }
            }
        val (source, library) = File(folder, "foreign.c").apply { writeText(code) } to File(folder, "libforeign.so")
        val compiler = ProcessBuilder("cc", "-shared", "-fPIC", source.path, "-o", library.path).inheritIO().start()
        assertEquals(0, compiler.waitFor())
        return library
    }

    /** What a start says twice, and whether any function of the library ran. */
    private fun startOver(library: File): Pair<String, Boolean> {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val process =
            ProcessBuilder(
                java,
                "-Duniffi.component.bonafide.libraryOverride=${library.path}",
                "-cp",
                System.getProperty("java.class.path"),
                TwoStarts::class.java.name,
            ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val said = process.inputStream.bufferedReader().readText().trim()
        assertEquals(0, process.waitFor(), said)
        return (said to File(library.parentFile, "called").exists()).also { library.parentFile.deleteRecursively() }
    }

    private companion object {
        /** Of the generated code; with any other the first case would be tested twice. */
        const val CONTRACT = 30
        val HOSTS = listOf("linux-x86-64", "linux-aarch64")
        val FUNCTION = Regex("(?:ffi|uniffi)_bonafide_[a-z0-9_]+")
    }
}

/** The other process. */
internal object TwoStarts {
    private const val LONG = 60_000L

    @JvmStatic
    fun main(arguments: Array<String>) {
        val codes =
            List(2) {
                NativeProtection().use { protection ->
                    val folder = Files.createTempDirectory("foreign-storage").toFile()
                    protection.start(
                        Settings(
                            InitialConfig.of("{}".encodeToByteArray()),
                            folder,
                            "com.example",
                            "1.0.0",
                            artifacts = emptyList(),
                            requestTimeoutMillis = LONG,
                        ),
                    )
                    try {
                        runBlocking { protection.awaitStarted(LONG) }
                        "started"
                    } catch (e: BonafideException) {
                        e.code.name
                    } finally {
                        folder.deleteRecursively()
                    }
                }
            }
        println(codes.joinToString(" "))
    }
}
