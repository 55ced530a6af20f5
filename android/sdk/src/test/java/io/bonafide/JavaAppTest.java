package io.bonafide;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;

import android.content.Context;
import io.bonafide.okhttp.BonafideOkHttp;
import java.io.IOException;
import okhttp3.OkHttpClient;
import org.junit.Test;

/** What a Java app writes: it compiles, and does what it does in Kotlin. */
public class JavaAppTest extends OnAndroid {
    private final Context context = getApp();

    @Test
    public void twoLines() {
        Bonafide.start(context);
        OkHttpClient client = BonafideOkHttp.protectedBy(new OkHttpClient.Builder(), Bonafide.INSTANCE).build();
        assertEquals(1, client.interceptors().size());
        // The test's asset is no config.
        assertThrows(IOException.class, Bonafide.INSTANCE::refreshBlocking);
        assertFalse(Bonafide.INSTANCE.status().getPhase() == ProtectionStatus.Phase.RUNNING);
    }

    @Test
    public void oneOfItsOwnWithOptions() throws Exception {
        StartOptions options = new StartOptions(InitialConfig.of(new byte[0]), "second-account", 1_000, LogLevel.WARN, true, null);
        try (AndroidProtection protection = new AndroidProtection()) {
            protection.start(context, options);
            assertFalse(protection.diagnoseBlocking().getHealthy());
            assertThrows(IOException.class, () -> protection.tokenBlocking("https://api.acme.com/", null));
        }
    }
}
