package io.bonafide.okhttp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.bonafide.BonafideFailure;
import io.bonafide.StatusClass;
import io.bonafide.okhttp.support.AuthorityKt;
import io.bonafide.okhttp.support.HostEntry;
import io.bonafide.okhttp.support.OkHttpSuite;
import io.bonafide.okhttp.support.TlsServer;
import java.io.IOException;
import java.util.List;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;

/** What a Java app writes. */
class JavaCallerTest extends OkHttpSuite {
    private final HeldCertificate leaf = getAuthority().leaf("api.acme.test");
    private final TlsServer server = closedAtTheEnd(new TlsServer(leaf, new HeldCertificate[0], request -> TlsServer.Companion.ok("ok")));

    private Response login() throws IOException {
        OkHttpClient client = BonafideOkHttp.protectedBy(appClient(getAuthority().getTrust()), getWatched()).build();
        Request.Builder request = new Request.Builder().url("https://api.acme.test:" + server.getPort() + "/");
        return client.newCall(BonafideOkHttp.bonafideBinding(request, new byte[] {1}).build()).execute();
    }

    @Test
    void aRefusalIsAnIoExceptionThatTellsMore() {
        start(new HostEntry("api.acme.test", List.of(AuthorityKt.getForeignPin()), "enforce", true, "send"));
        IOException failure = assertThrows(IOException.class, this::login);
        assertEquals(StatusClass.UNTRUSTED_CHANNEL, ((BonafideFailure) failure).getStatusClass());
        assertEquals(0, server.getPlainBytes().get());
    }

    @Test
    void aProtectedCallCarriesItsBoundToken() throws IOException {
        start(new HostEntry("api.acme.test", List.of(AuthorityKt.getPin(leaf)), "enforce", true, "send"));
        try (Response response = login()) {
            assertEquals(200, response.code());
        }
        assertTrue(server.getRequests().get(0).contains("Bonafide-Token: "));
    }
}
