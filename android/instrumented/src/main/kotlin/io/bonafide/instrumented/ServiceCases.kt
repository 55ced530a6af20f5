package io.bonafide.instrumented

import android.util.Base64
import io.bonafide.InitialConfig
import io.bonafide.StartOptions
import org.junit.Assert.assertEquals
import org.junit.Assume.assumeTrue
import org.junit.Test

/** A token from a real service: `test-emulator --config FILE --api URL` says which. */
class ServiceCases {
    @Test
    fun aTokenComesFromTheService() {
        val config = Device.arguments.getString("config")
        val api = Device.arguments.getString("api")
        assumeTrue("no service was named: --config FILE --api URL", config != null && api != null)
        val initial = InitialConfig.of(Base64.decode(config, Base64.DEFAULT))
        Device.started(StartOptions(initial, name = Device.newName())).use {
            val token = it.tokenBlocking(api!!)
            assertEquals(token, PARTS, token.split('.').size)
            assertEquals(null, it.status().tokenFailure)
        }
    }

    private companion object {
        const val PARTS = 3
    }
}
