package io.bonafide.okhttp

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class OnThisThreadTest {
    private fun <T> whenTimeIsOver(block: suspend () -> T): Result<T>? = OnThisThread<T>(isCanceled = null).run(nanos = 0, block)

    @Test
    fun `an answer that is there when the time is over is taken`() {
        val answer =
            whenTimeIsOver {
                repeat(3) { yield() }
                "answer"
            }
        assertEquals(Result.success("answer"), answer)
    }

    @Test
    fun `code that always has another step is left behind when the time is over`() {
        assertNull(whenTimeIsOver { withContext(NonCancellable) { while (true) yield() } })
    }
}
