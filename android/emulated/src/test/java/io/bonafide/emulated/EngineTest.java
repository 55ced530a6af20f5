package io.bonafide.emulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped library does its work on arm64, with bionic, over the C ABI that Kotlin uses. */
class EngineTest {
    private static final String LEAF = "sha256/aDhfbN3Y4HJ2Ew5Q56hrMlUC7qD5GkKoDGQZuqjUBk0=";
    private static final String ROOT = "sha256/JHE7olsU10X+E/nhgJot5Atz66vPbAt8t4lxgxd5Kuw=";
    private static final String STRAY = "sha256/Dgg5UH6gZCVrmWmERiAXp8bapfi6Eu7uHhZYRoOZlaQ=";
    private static final String NONE = "sha256/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    @TempDir
    Path files;

    private Path storage;

    @BeforeEach
    void folders() throws IOException {
        storage = Engine.storage(files);
        Files.createDirectories(storage);
    }

    @Test
    void aConfigWithOneLetterChangedIsRefused() {
        String config = Inputs.initialConfig();
        // Within the payload: the signature no longer fits.
        int place = config.lastIndexOf('.') - 10;
        String altered = config.substring(0, place) + (config.charAt(place) == 'A' ? 'B' : 'A') + config.substring(place + 1);
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Crossing.Failed failed = assertThrows(Crossing.Failed.class, () -> Engine.start(phone, altered));
            assertEquals(1, failed.code);
            assertEquals(1, failed.content.number());
            assertEquals("bad_initial_config", failed.content.text());
        }
    }

    @Test
    void aSignedConfigIsAccepted() throws Crossing.Failed {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Engine.Status status = Engine.start(phone, Inputs.initialConfig()).status();
            assertEquals(new Engine.Status(1, 1, 100, null, "absent"), status);
        }
    }

    @Test
    void aChainWithoutAPinOfTheConfigIsAMismatch() throws Crossing.Failed {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Engine engine = Engine.start(phone, Inputs.initialConfigWithPins(STRAY, NONE));
            Engine.Verdict verdict = engine.checkPins("api.acme.com", Inputs.chain("leaf", "intermediate", "root"));
            assertEquals("mismatch", verdict.kind());
            assertEquals(List.of(LEAF, ROOT), List.of(verdict.pins().get(0), verdict.pins().get(2)));
            byte[] noCertificate = {0x30, 0};
            assertEquals("mismatch", engine.checkPins("api.acme.com", List.of(noCertificate)).kind());
            assertEquals("mismatch", engine.checkPins("api.acme.com", List.of()).kind());
        }
    }

    @Test
    void aChainWithOneIsPinned() throws Crossing.Failed {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Engine engine = Engine.start(phone, Inputs.initialConfigWithPins(NONE, LEAF));
            List<byte[]> chain = Inputs.chain("leaf", "intermediate", "root");
            assertEquals(new Engine.Verdict("pinned", List.of(LEAF), null), engine.checkPins("API.acme.com.", chain));
            assertEquals("unpinned", engine.checkPins("www.acme.com", chain).kind());
        }
    }

    @Test
    void aTornRecordIsSetAsideAndTheInitialConfigIsUsed() throws Exception {
        byte[] record = Inputs.record(Inputs.storedConfig());
        record[record.length - 1] ^= 1;
        ownRecords();
        Files.write(storage.resolve("config"), record);
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            assertEquals(new Engine.Status(1, 1, 100, null, "damaged"), Engine.start(phone, Inputs.initialConfig()).status());
        }
        assertArrayEquals(record, Files.readAllBytes(storage.resolve("config.damaged")));
    }

    @Test
    void aStoredRecordIsUsedAgain() throws Exception {
        ownRecords();
        Files.write(storage.resolve("config"), Inputs.record(Inputs.storedConfig()));
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            assertEquals(new Engine.Status(1, 2, 101, null, "used"), Engine.start(phone, Inputs.initialConfig()).status());
        }
    }

    @Test
    void aReportIsWrittenByABackgroundThread() throws Exception {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Engine engine = Engine.start(phone, Inputs.initialConfigWithPins(NONE, LEAF));
            engine.reportMismatch("api.acme.com", STRAY);
            phone.letOthersRunUntil(() -> Files.exists(storage.resolve("reports")));
        }
        String reports = Files.readString(storage.resolve("reports"), StandardCharsets.ISO_8859_1);
        assertTrue(reports.startsWith("bonafide-record-1 "), reports);
        assertTrue(reports.contains(STRAY), reports);
    }

    /** A first start, which marks the records as this installation's: others would be discarded. */
    private void ownRecords() throws Crossing.Failed {
        try (Phone phone = new Phone(Inputs.LIBRARY, files)) {
            Engine.start(phone, Inputs.initialConfig());
        }
    }
}
