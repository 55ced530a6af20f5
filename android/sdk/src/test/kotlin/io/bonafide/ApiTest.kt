package io.bonafide

import io.bonafide.api.ApiCheck
import org.junit.Test

class ApiTest {
    @Test
    fun `the public API is the committed one`() = ApiCheck.check("bonafide-android")
}
