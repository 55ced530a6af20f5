package io.bonafide

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import java.nio.file.Path
import kotlin.io.path.readText

/** `tests/vectors/statuses.json` is the table that the service and the core have too. */
class StatusCodeTest {
    private val vectors = Path.of("..", "..", "tests", "vectors", "statuses.json").readText()

    private val rows: List<Map<String, String>> =
        Regex("""\{[^}]*}""").findAll(vectors).map { row ->
            Regex(""""(\w+)": ("(?:[^"\\]|\\.)*"|\w+)""").findAll(row.value).associate { it.groupValues[1] to it.groupValues[2].trim('"') }
        }.toList()

    @Test
    fun `the table is the one of the other side, row by row`() {
        val ours =
            StatusCode.entries.map {
                mapOf(
                    "class" to it.statusClass.wireName,
                    "code" to it.wireName,
                    "http" to it.http.toString(),
                    "message" to it.message,
                    "next_step" to it.nextStep,
                    "retry_helps" to it.retryHelps.toString(),
                )
            }
        assertEquals(rows, ours)
        assertEquals(vectors.split("\"code\":").size - 1, ours.size)
    }

    @Test
    fun `names are the codes in upper case`() {
        StatusCode.entries.forEach { assertEquals(it.wireName.uppercase(), it.name) }
    }

    @Test
    fun `an unknown code has no status`() {
        assertNull(StatusCode.of("from_the_future"))
        assertEquals(StatusCode.NO_NETWORK, StatusCode.of("no_network"))
    }
}
