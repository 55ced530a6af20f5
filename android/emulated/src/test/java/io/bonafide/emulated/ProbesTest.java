package io.bonafide.emulated;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The integrity probes read what the process sees: here, the files of a folder and unidbg's own /proc. */
class ProbesTest {
    private static final Path PROBES = Path.of(System.getProperty("bonafide.probes"));

    @TempDir
    Path files;

    @Test
    void whatCannotBeReadIsUnknownAndNeverAPass() {
        String measurement = measure();
        assertContains(measurement, "\"name\":\"base.apk\",\"sha256\":{\"unknown\":");
        assertContains(measurement, "\"memory\":{\"unknown\":");
        for (String fact : new String[] {"debuggers", "agents", "agent_threads", "agent_servers", "redirected", "root", "emulator"}) {
            assertContains(measurement, "\"" + fact + "\":{\"unknown\":");
        }
    }

    @Test
    void theAppAndTheCodesFilesAreDigested() throws IOException {
        write("data/app/com.acme/base.apk", "the app");
        String measurement = measure();
        String digest = HexFormat.of().formatHex(Inputs.sha256("the app".getBytes(StandardCharsets.UTF_8)));
        assertContains(measurement, "\"name\":\"base.apk\",\"sha256\":{\"known\":\"" + digest + "\"}");
        for (String library : new String[] {"libbonafide_probes.so", "libc.so"}) {
            Matcher file = Pattern.compile("\"name\":\"" + library + "\",[^{]*\"memory\":\\{[^}]*},\"file\":\\{\"known\":\"[0-9a-f]{64}\"").matcher(measurement);
            assertTrue(file.find(), measurement);
        }
    }

    @Test
    void tracesOfRootAreFound() throws IOException {
        write("system/xbin/su", "");
        assertContains(measure(), "\"root\":{\"known\":[\"su\"]}");
        write("proc/self/mounts", "tmpfs /sbin/.magisk tmpfs rw 0 0\n");
        assertContains(measure(), "\"root\":{\"known\":[\"su\",\"mount of magisk\"]}");
    }

    @Test
    void theSystemsPropertiesAreBionics() throws IOException {
        write("proc/self/mounts", "tmpfs /apex tmpfs rw 0 0\n");
        assertContains(measure(), "\"root\":{\"unknown\":");
        assertContains(measure(Map.of("ro.build.tags", "release-keys")), "\"root\":{\"known\":[]}");
        Map<String, String> opened = Map.of("ro.build.tags", "release-keys", "ro.boot.verifiedbootstate", "orange");
        assertContains(measure(opened), "\"root\":{\"known\":[\"unlocked bootloader\"]}");
    }

    private String measure() {
        return measure(Map.of());
    }

    private String measure(Map<String, String> properties) {
        try (Phone phone = new Phone(PROBES, files, properties)) {
            long json = phone.call("emulated_measurement");
            assertNotEquals(0, json, "the probes did not end");
            return phone.at(json).getString(0);
        }
    }

    private static void assertContains(String whole, String part) {
        assertTrue(whole.contains(part), () -> part + " is not in " + whole);
    }

    private void write(String path, String content) throws IOException {
        Files.createDirectories(files.resolve(path).getParent());
        Files.writeString(files.resolve(path), content);
    }
}
