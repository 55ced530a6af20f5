package io.bonafide.bench;

import io.bonafide.JvmProtection;
import io.bonafide.Settings;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
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

/** From start() to the first answer, with the storage of an earlier start and the library loaded. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 20)
@Measurement(iterations = 50)
public class StartBenchmark {
    private final Settings settings = Setting.settings();
    private JvmProtection protection;

    @Setup(Level.Trial)
    public void storeConfig() throws IOException {
        JvmProtection first = new JvmProtection();
        first.start(settings);
        first.refreshBlocking();
        first.close();
    }

    @Setup(Level.Invocation)
    public void make() {
        protection = new JvmProtection();
    }

    @TearDown(Level.Invocation)
    public void stop() {
        protection.close();
    }

    @Benchmark
    public boolean start() throws IOException {
        protection.start(settings);
        // Waits for the start, and needs nothing else: no token goes to this host.
        return protection.headersForBlocking("https://unlisted.example/", null).isEmpty();
    }
}
