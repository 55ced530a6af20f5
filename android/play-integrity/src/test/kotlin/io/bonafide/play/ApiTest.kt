package io.bonafide.play

import io.bonafide.api.ApiCheck
import org.junit.jupiter.api.Test

class ApiTest {
    @Test
    fun `the public API is the committed one`() = ApiCheck.check("bonafide-play-integrity")
}
