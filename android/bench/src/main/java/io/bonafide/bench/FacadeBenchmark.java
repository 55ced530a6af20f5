package io.bonafide.bench;

import io.bonafide.JvmProtection;
import io.bonafide.PinVerdict;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What the facade itself costs, without HTTP. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class FacadeBenchmark {
    private final String url = Setting.API + "/login";
    private JvmProtection protection;
    private List<X509Certificate> chain;

    @Setup
    public void start() throws Exception {
        protection = new JvmProtection();
        protection.start(Setting.settings());
        protection.precheckBlocking();
        List<X509Certificate> served = Setting.certificates("leaf");
        X509Certificate authority = Setting.certificates("ca").get(0);
        // Three, as a public chain has.
        chain = List.of(served.get(0), authority, authority);
    }

    @TearDown
    public void stop() {
        protection.close();
    }

    /** The token as an app asks for it, when there is a fresh one. */
    @Benchmark
    public String cachedToken() throws IOException {
        return protection.tokenBlocking(url, null);
    }

    /** A pin check through JNA; the OkHttp side makes one for each new connection and config. */
    @Benchmark
    public PinVerdict checkPins() {
        return protection.checkPins(Setting.HOST, chain);
    }
}
