package io.bonafide.bench;

import io.bonafide.NativeProtection;
import io.bonafide.okhttp.BonafideOkHttp;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okhttp3.CertificatePinner;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * A request on a pooled connection over TLS on loopback, to a server in another process: plain, with OkHttp's own
 * pinner, with that and a header of a token's size, and protected. The third tells what a token costs by its bytes
 * alone, whoever attaches it.
 *
 * <p>Not JMH, which gives each benchmark a process of its own: two runs of the same code then differ by more than what
 * is looked for. Here the clients take turns with each request, in changing order, and only what was measured within
 * the same second is compared. Prints one line of JSON.
 */
public final class PairedRequests {
    private static final int WARM_UP_ROUNDS = 15;
    private static final int ROUNDS = 80;
    private static final int REQUESTS = 200;

    private final Request request = new Request.Builder().url(Setting.API + "/public").build();

    public static void main(String[] arguments) throws Exception {
        NativeProtection protection = new NativeProtection();
        protection.start(Setting.settings());
        protection.precheckBlocking();
        CertificatePinner pins = new CertificatePinner.Builder()
                .add(Setting.HOST, CertificatePinner.pin(Setting.certificates("leaf").get(0)))
                .build();
        Map<String, OkHttpClient> clients = new LinkedHashMap<>();
        clients.put("plain", Setting.client().build());
        clients.put("certificate_pinner", Setting.client().certificatePinner(pins).build());
        clients.put("pinner_with_header", Setting.client()
                .certificatePinner(pins)
                .addInterceptor(withHeaders(protection.headersForBlocking(Setting.API, null)))
                .build());
        clients.put("protected_by", BonafideOkHttp.protectedBy(Setting.client(), protection).build());
        new PairedRequests().compare(clients);
        protection.close();
    }

    private void compare(Map<String, OkHttpClient> clients) throws IOException {
        List<String> names = List.copyOf(clients.keySet());
        double[][] medians = new double[names.size()][ROUNDS];
        for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
            double[][] times = new double[names.size()][REQUESTS];
            for (int place = 0; place < REQUESTS; place++) {
                for (int turn = 0; turn < names.size(); turn++) {
                    int which = (turn + place) % names.size();
                    times[which][place] = timed(clients.get(names.get(which)));
                }
            }
            for (int which = 0; round >= 0 && which < names.size(); which++) medians[which][round] = middle(times[which]);
        }
        double[] toPinner = ratios(medians[3], medians[1]);
        double[] toHeader = ratios(medians[3], medians[2]);
        System.out.printf(
                "{\"plain_us\":%.1f,\"certificate_pinner_us\":%.1f,\"pinner_with_header_us\":%.1f,\"protected_by_us\":%.1f,"
                        + "\"over_pinner\":%.4f,\"over_pinner_quartiles\":[%.4f,%.4f],"
                        + "\"over_header\":%.4f,\"over_header_quartiles\":[%.4f,%.4f]}%n",
                middle(medians[0]), middle(medians[1]), middle(medians[2]), middle(medians[3]),
                middle(toPinner), quantile(toPinner, 0.25), quantile(toPinner, 0.75),
                middle(toHeader), quantile(toHeader, 0.25), quantile(toHeader, 0.75));
    }

    private static Interceptor withHeaders(Map<String, String> headers) {
        return chain -> {
            Request.Builder request = chain.request().newBuilder();
            headers.forEach(request::header);
            return chain.proceed(request.build());
        };
    }

    /** The time of one request, in microseconds. */
    private double timed(OkHttpClient client) throws IOException {
        long begun = System.nanoTime();
        try (Response response = client.newCall(request).execute()) {
            if (response.code() != 200) throw new IOException("HTTP " + response.code());
            response.body().bytes();
        }
        return (System.nanoTime() - begun) / 1_000.0;
    }

    private static double[] ratios(double[] left, double[] right) {
        double[] ratios = new double[left.length];
        Arrays.setAll(ratios, place -> left[place] / right[place]);
        return ratios;
    }

    private static double middle(double[] values) {
        return quantile(values, 0.5);
    }

    private static double quantile(double[] values, double part) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) (part * (sorted.length - 1))];
    }

    private PairedRequests() {}
}
