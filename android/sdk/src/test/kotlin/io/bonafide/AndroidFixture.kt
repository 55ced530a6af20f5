package io.bonafide

import io.bonafide.android.NativeLibrary
import io.bonafide.okhttp.support.FakeFixture
import io.bonafide.okhttp.support.HostEntry
import io.bonafide.okhttp.support.ProtectionFixture
import kotlinx.coroutines.runBlocking
import org.robolectric.RuntimeEnvironment

/** Android's facade for the suite of bonafide-okhttp: started with a context, over the suite's own fake of the core. */
class AndroidFixture : ProtectionFixture() {
    private val fake = FakeFixture()
    private val core = CoreOf(fake.protection)
    private val android = AndroidProtection(core.protection(), NativeLibrary {})

    override val protection: Protection = android
    override val reports: List<PinVerdict.Mismatch> get() = fake.reports

    override fun start() {
        fake.start()
        android.start(RuntimeEnvironment.getApplication(), StartOptions(InitialConfig.of(ByteArray(0))))
        runBlocking { android.awaitStarted(LONG) }
    }

    override fun install(vararg hosts: HostEntry) {
        fake.install(*hosts)
        core.changed()
    }

    override fun publish(vararg hosts: HostEntry) = fake.publish(*hosts)

    override fun serviceAnswers(answers: Boolean) = fake.serviceAnswers(answers)

    override fun serviceHangs() = fake.serviceHangs()

    override fun isTokenFor(
        host: String,
        token: String?,
        binding: ByteArray?,
    ) = fake.isTokenFor(host, token, binding)

    override fun close() = android.close()

    private companion object {
        const val LONG = 60_000L
    }
}
