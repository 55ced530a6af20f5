package io.bonafide.demo

import com.squareup.moshi.Moshi
import io.bonafide.Bonafide
import io.bonafide.BonafideFailure
import io.bonafide.PinMismatchException
import java.io.IOException

/** One command in, one line of JSON out. */
class Commands(
    private val api: LoginApi,
) {
    fun answer(line: String): String {
        val words = line.split(' ', limit = 3)
        val result =
            try {
                mapOf("ok" to true) + run(words.first(), words.drop(1))
            } catch (e: IOException) {
                failure(e)
            } catch (e: IllegalArgumentException) {
                failure(e)
            }
        return json.toJson(result)
    }

    private fun run(
        command: String,
        words: List<String>,
    ): Map<String, Any?> =
        when (command) {
            "login" -> api.login(words.word(0), words.word(1)).shown()
            "get" -> api.get(words.word(0)).shown()
            "token" -> mapOf("token" to Bonafide.tokenBlocking(words.word(0), words.getOrNull(1)?.encodeToByteArray()))
            "status" -> status()
            "refresh" -> mapOf("newer" to Bonafide.refreshBlocking())
            "drop-connections" -> emptyMap<String, Any?>().also { api.dropConnections() }
            "burst" -> burst(words.word(0).toInt())
            else -> throw IllegalArgumentException("unknown command: $command")
        }

    private fun burst(count: Int): Map<String, Any?> {
        val outcomes = sortedMapOf<String, Int>()
        repeat(count) {
            val outcome =
                try {
                    api.login("alice", "correct-horse-battery-staple").status.toString()
                } catch (e: IOException) {
                    (e as? BonafideFailure)?.code?.wireName ?: e.javaClass.simpleName
                }
            outcomes.merge(outcome, 1, Int::plus)
        }
        return mapOf("count" to count, "outcomes" to outcomes, "failed" to count - (outcomes["200"] ?: 0))
    }

    private fun status(): Map<String, Any?> {
        val status = Bonafide.status()
        return mapOf(
            "phase" to status.phase.name.lowercase(),
            "revision" to status.configRevision,
            "epoch" to status.epoch,
            "version" to status.version,
            "last_contact_ms" to status.lastContactMillis,
            "config_failure" to status.configFailure?.wireName,
            "token_failure" to status.tokenFailure?.wireName,
            "stored_record" to status.storedRecord,
            "memory_only" to status.memoryOnly,
            "key_level" to status.keyLevel,
            "installation" to status.installationId,
            "failure" to status.failure?.code?.wireName,
        )
    }

    private fun failure(e: Exception): Map<String, Any?> {
        // An interceptor inside may have wrapped it.
        val known = generateSequence<Throwable>(e) { it.cause }.firstNotNullOfOrNull { it as? BonafideFailure }
        val mismatch = (known as? PinMismatchException)?.mismatch
        return mapOf(
            "ok" to false,
            "code" to known?.code?.wireName,
            "class" to known?.statusClass?.wireName,
            "message" to e.toString(),
            "served" to mismatch?.served,
            "expected" to mismatch?.expected,
            "next" to known?.nextStep,
        )
    }
}

private fun Reply.shown() = mapOf("status" to status, "body" to body, "sent_status" to sentStatus)

private fun List<String>.word(place: Int) = requireNotNull(getOrNull(place)) { "a word is missing" }

/** Nulls are left out. */
internal val json = Moshi.Builder().build().adapter(Any::class.java)
