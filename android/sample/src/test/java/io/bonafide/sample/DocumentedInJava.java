package io.bonafide.sample;

import android.app.Application;
import io.bonafide.Bonafide;
import io.bonafide.okhttp.BonafideOkHttp;
import java.io.IOException;
import okhttp3.OkHttpClient;

/** docs/android.md's snippet for Java, so that it compiles; PublishedTest holds the two together. */
final class DocumentedInJava extends Application {
    private final OkHttpClient client = BonafideOkHttp.protectedBy(new OkHttpClient.Builder(), Bonafide.INSTANCE).build();

    @Override
    public void onCreate() {
        super.onCreate();
        Bonafide.start(this);
    }

    String token() throws IOException {
        return Bonafide.INSTANCE.tokenBlocking("https://api.acme.com/login", null);
    }
}
