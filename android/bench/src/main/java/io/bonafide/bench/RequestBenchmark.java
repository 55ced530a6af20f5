package io.bonafide.bench;

import io.bonafide.JvmProtection;
import io.bonafide.okhttp.BonafideOkHttp;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import okhttp3.CertificatePinner;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A request on a pooled connection over TLS on loopback, to a server in another process: plain, with OkHttp's own
 * pinner, with that and a header of a token's size, protected, and protected at a host that has pins and gets no token.
 * The third tells what a token costs by its bytes alone, whoever attaches it; the last does what the second does.
 *
 * <p>One benchmark and not four: JMH gives each a process of its own, and two runs of the same code then differ by more
 * than what is looked for. Here the clients take turns with each request, and only the medians of one iteration are
 * compared; scripts/bench-kotlin does that with each iteration's counters. Each round is in an order of its own: who
 * always follows the same client pays for what that one leaves behind.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(5)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 16, time = 1)
public class RequestBenchmark {
    private static final int MOST = 100_000;

    private static final int CLIENTS = 5;

    private final Request request = new Request.Builder().url(Setting.API + "/public").build();
    /** To the same server under its other name. */
    private final Request toPinned = new Request.Builder().url(Setting.PINNED + "/public").build();
    private final OkHttpClient[] clients = new OkHttpClient[CLIENTS];
    private JvmProtection protection;
    /** The same orders in each run. */
    private final Random random = new Random(1);

    private final List<Integer> order = Arrays.asList(0, 1, 2, 3, 4);

    /** The medians of an iteration, in nanoseconds. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Medians {
        private final long[][] times = new long[CLIENTS][MOST];
        private final int[] counts = new int[CLIENTS];

        @Setup(Level.Iteration)
        public void clear() {
            Arrays.fill(counts, 0);
        }

        public long plain() {
            return median(0);
        }

        public long certificatePinner() {
            return median(1);
        }

        public long pinnerWithHeader() {
            return median(2);
        }

        public long protectedBy() {
            return median(3);
        }

        public long pinned() {
            return median(4);
        }

        private void add(int which, long nanos) {
            if (counts[which] < MOST) times[which][counts[which]++] = nanos;
        }

        private long median(int which) {
            long[] sorted = Arrays.copyOf(times[which], counts[which]);
            Arrays.sort(sorted);
            return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
        }
    }

    @Setup
    public void makeClients() throws Exception {
        protection = new JvmProtection();
        protection.start(Setting.settings());
        protection.precheckBlocking();
        CertificatePinner pins = new CertificatePinner.Builder()
                .add(Setting.HOST, CertificatePinner.pin(Setting.certificates("leaf").get(0)))
                .build();
        Map<String, String> headers = protection.headersForBlocking(Setting.API, null);
        clients[0] = Setting.client().build();
        clients[1] = Setting.client().certificatePinner(pins).build();
        clients[2] = Setting.client().certificatePinner(pins).addInterceptor(withHeaders(headers)).build();
        clients[3] = BonafideOkHttp.protectedBy(Setting.client(), protection).build();
        clients[4] = BonafideOkHttp.protectedBy(Setting.client(), protection).build();
    }

    @TearDown
    public void stop() {
        protection.close();
    }

    /** One request by each client. */
    @Benchmark
    public void eachInTurn(Medians medians) throws IOException {
        Collections.shuffle(order, random);
        for (int which : order) medians.add(which, timed(clients[which], which == 4 ? toPinned : request));
    }

    private long timed(OkHttpClient client, Request request) throws IOException {
        long begun = System.nanoTime();
        try (Response response = client.newCall(request).execute()) {
            if (response.code() != 200) throw new IOException("HTTP " + response.code());
            response.body().bytes();
        }
        return System.nanoTime() - begun;
    }

    private static Interceptor withHeaders(Map<String, String> headers) {
        return chain -> {
            Request.Builder request = chain.request().newBuilder();
            headers.forEach(request::header);
            return chain.proceed(request.build());
        };
    }
}
