package io.bonafide.bench;

import io.bonafide.InitialConfig;
import io.bonafide.Settings;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import okhttp3.OkHttpClient;
import okhttp3.tls.HandshakeCertificates;

/** What scripts/bench-kotlin has set up: a service, an API with a pinned certificate, a registered app. */
final class Setting {
    static final String API = property("api");

    static final String PINNED = property("pinned");

    static final String HOST = "localhost";

    static Settings settings() {
        return new Settings(
                InitialConfig.of(new File(property("config"))), new File(property("storage")), property("app"), "1.0.0");
    }

    /** The certificates of a PEM file. */
    static List<X509Certificate> certificates(String name) throws Exception {
        List<X509Certificate> found = new ArrayList<>();
        try (InputStream file = new FileInputStream(property(name))) {
            CertificateFactory.getInstance("X.509")
                    .generateCertificates(file)
                    .forEach(certificate -> found.add((X509Certificate) certificate));
        }
        return found;
    }

    /** A client that trusts the API's authority. */
    static OkHttpClient.Builder client() throws Exception {
        HandshakeCertificates.Builder trusted = new HandshakeCertificates.Builder();
        certificates("ca").forEach(trusted::addTrustedCertificate);
        HandshakeCertificates certificates = trusted.build();
        return new OkHttpClient.Builder()
                .sslSocketFactory(certificates.sslSocketFactory(), certificates.trustManager());
    }

    private static String property(String name) {
        String value = System.getProperty("bench." + name);
        if (value == null) throw new IllegalStateException("bench." + name + " is not set: run scripts/bench-kotlin");
        return value;
    }

    private Setting() {}
}
