package io.bonafide.emulated;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The object that Kotlin holds, called as Kotlin calls it. */
final class Engine {
    /** The core's folder, as the process sees it and as this machine does. */
    static final String STORAGE = "/data/data/com.acme/no_backup/bonafide";

    private static final int ANDROID = 1;

    private final Crossing crossing;
    private final long handle;

    private Engine(Crossing crossing, long handle) {
        this.crossing = crossing;
        this.handle = handle;
    }

    static Path storage(Path files) {
        return files.resolve(STORAGE.substring(1));
    }

    static Engine start(Phone phone, String initialConfig) throws Crossing.Failed {
        Crossing crossing = new Crossing(phone);
        byte[] settings = new Wire()
            .bytes(initialConfig.getBytes(StandardCharsets.UTF_8)).text(STORAGE).number(ANDROID)
            .text("com.acme").text("1.0").text("1").list(List.of()).text("0.1.0").absent().longNumber(5000).toBytes();
        byte[] ports = new Wire().absent().absent().absent().absent().absent().toBytes();
        long handle = crossing.call("uniffi_bonafide_fn_constructor_nativeengine_start", crossing.lower(settings), crossing.lower(ports));
        return new Engine(crossing, handle);
    }

    record Status(long revision, long epoch, long version, String memoryOnly, String storedRecord) {}

    Status status() throws Crossing.Failed {
        Wire.Reader reader = crossing.callForBuffer("uniffi_bonafide_fn_method_nativeengine_status", self());
        long revision = reader.longNumber();
        long epoch = reader.longNumber();
        long version = reader.longNumber();
        reader.optionalNumber();
        for (int failure = 0; failure < 3; failure++) reader.optionalText();
        return new Status(revision, epoch, version, reader.optionalText(), reader.text());
    }

    /** One of {@link Verdict}'s kinds with the pin that matched, or the pins that were served. */
    record Verdict(String kind, List<String> pins, String reason) {}

    Verdict checkPins(String host, List<byte[]> chain) throws Crossing.Failed {
        byte[] check = new Wire().text(host).list(chain).toBytes();
        Wire.Reader reader = crossing.callForBuffer("uniffi_bonafide_fn_method_nativeengine_check_pins", self(), crossing.lower(check));
        int kind = reader.number();
        if (kind == 1) return new Verdict("pinned", List.of(reader.text()), null);
        if (kind == 2) return new Verdict("unpinned", List.of(), null);
        reader.text();
        reader.texts();
        return new Verdict(kind == 3 ? "report only" : "mismatch", reader.texts(), reader.optionalText());
    }

    void reportMismatch(String host, String served) throws Crossing.Failed {
        List<byte[]> pins = List.of(served.getBytes(StandardCharsets.UTF_8));
        byte[] mismatch = new Wire().text(host).list(pins).list(pins).absent().toBytes();
        crossing.call("uniffi_bonafide_fn_method_nativeengine_report_mismatch", self(), crossing.lower(mismatch), 1);
    }

    void stop() throws Crossing.Failed {
        crossing.call("uniffi_bonafide_fn_method_nativeengine_stop", self());
    }

    /** A call takes its reference over, so each is given one of its own. */
    private long self() throws Crossing.Failed {
        return crossing.call("uniffi_bonafide_fn_clone_nativeengine", handle);
    }
}
