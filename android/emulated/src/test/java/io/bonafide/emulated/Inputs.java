package io.bonafide.emulated;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the tests are given: the built libraries, and the vectors that all languages share. */
final class Inputs {
    static final Path LIBRARY = Path.of(System.getProperty("bonafide.android"), "jni/arm64-v8a/libbonafide.so");

    private static final Path ROOT = Path.of(System.getProperty("bonafide.root"));
    private static final Path GENERATED = ROOT.resolve("android/native/generated/kotlin/io/bonafide/internal/generated/bonafide.kt");
    private static final String DOCUMENTS = read(ROOT.resolve("tests/vectors/documents.json"));

    private Inputs() {}

    /** The config of the vectors as it is embedded: epoch 1, version 100, pins that no certificate has. */
    static String initialConfig() {
        return member("initial").replace("\\\"", "\"");
    }

    /** The record of the vectors that an update led to: epoch 2, version 101. */
    static String storedConfig() {
        return member("stored").replace("\\\"", "\"");
    }

    /** The initial config with other pins for api.acme.com, signed anew with the vectors' own key. */
    static String initialConfigWithPins(String first, String second) {
        String config = group(initialConfig(), "\"config\":\"([^\"]+)\"");
        String[] parts = config.split("\\.");
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
        String other = payload.replaceFirst(
            "(\"host\":\"api.acme.com\",\"pins\":)\\[[^]]*]",
            "$1[\"" + Matcher.quoteReplacement(first) + "\",\"" + Matcher.quoteReplacement(second) + "\"]");
        if (other.equals(payload)) throw new AssertionError("the vector's config has another form: " + payload);
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        String signed = parts[0] + "." + encoder.encodeToString(other.getBytes(StandardCharsets.UTF_8));
        return initialConfig().replace(config, signed + "." + encoder.encodeToString(sign(signed)));
    }

    /** A record as the core frames it: a line with the digest of what follows. */
    static byte[] record(String body) {
        String digest = HexFormat.of().formatHex(sha256(body.getBytes(StandardCharsets.UTF_8)));
        return ("bonafide-record-1 " + digest + "\n" + body).getBytes(StandardCharsets.UTF_8);
    }

    /** Certificates of the vectors' chain, DER. */
    static List<byte[]> chain(String... names) {
        return Arrays.stream(names).map(name -> readBytes(ROOT.resolve("tests/vectors/chain/" + name + ".der"))).toList();
    }

    /** What the generated Kotlin expects each checksum to be: "name=number". */
    static List<String> expectedChecksums() {
        Pattern pattern = Pattern.compile("lib\\.(uniffi_bonafide_checksum_\\w+)\\(\\) and 0xFFFF\\) != (\\d+)");
        return pattern.matcher(generated()).results().map(found -> found.group(1) + "=" + found.group(2)).toList();
    }

    static long expectedContractVersion() {
        return Long.parseLong(group(generated(), "bindings_contract_version = (\\d+)"));
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException error) {
            throw new AssertionError(error);
        }
    }

    private static String generated() {
        if (!Files.exists(GENERATED)) throw new AssertionError("the Kotlin code is not generated: run scripts/build-host first");
        return read(GENERATED);
    }

    private static byte[] sign(String text) {
        try {
            byte[] secret = Base64.getUrlDecoder().decode(group(DOCUMENTS, "\"config_1\":\\s*\\{[^}]*?\"d\":\\s*\"([^\"]+)\""));
            PrivateKey key = KeyFactory.getInstance("Ed25519").generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, secret));
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(text.getBytes(StandardCharsets.UTF_8));
            return signature.sign();
        } catch (GeneralSecurityException error) {
            throw new AssertionError(error);
        }
    }

    private static String member(String name) {
        return group(DOCUMENTS, "\"" + name + "\":\\s*\"((?:[^\"\\\\]++|\\\\.)*+)\"");
    }

    private static String group(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) throw new AssertionError("not found: " + pattern);
        return matcher.group(1);
    }

    private static String read(Path path) {
        return new String(readBytes(path), StandardCharsets.UTF_8);
    }

    private static byte[] readBytes(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
