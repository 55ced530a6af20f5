//! Pins of files and of served chains, against what OpenSSL computes.

use std::path::Path;
use std::process::Command;

use bonafide_protocol::pin::Pin;
use serde_json::{Value, json};

use crate::bench::{EC, RSA, command, issue, openssl, run, tls_server};

/// The pin as RFC 7469 appendix A computes it, by OpenSSL alone.
fn pin_by_openssl(folder: &Path, certificate: &str) -> String {
    let script = format!("openssl x509 -in {certificate} -pubkey -noout | openssl pkey -pubin -outform der");
    let output = Command::new("sh").current_dir(folder).arg("-c").arg(script).output().unwrap();
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Pin::of_spki(&output.stdout).to_string()
}

fn show(arguments: &[&str]) -> (i32, Value) {
    let ended = run(command().args(["--json", "pin", "show"]).args(arguments));
    (ended.code, serde_json::from_str(&ended.stdout).unwrap_or(Value::Null))
}

#[test]
fn every_kind_of_certificate_shows_the_pin_that_openssl_computes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, newkey, key) in [
        ("rsa", "-newkey rsa:2048", "RSA 2048"),
        ("pss", "-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048", "1.2.840.113549.1.1.10"),
        ("p256", EC, "EC P-256"),
        ("p384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384", "EC P-384"),
        ("p521", "-newkey ec -pkeyopt ec_paramgen_curve:P-521", "EC P-521"),
        ("ed25519", "-newkey ed25519", "Ed25519"),
        ("ed448", "-newkey ed448", "Ed448"),
    ] {
        openssl(folder, &format!("req -x509 {newkey} -nodes -keyout {name}.key -out {name}.pem -subj /CN={name}"));
        openssl(folder, &format!("x509 -in {name}.pem -outform der -out {name}.der"));
        let expected = pin_by_openssl(folder, &format!("{name}.pem"));
        for file in [format!("{name}.pem"), format!("{name}.der")] {
            let (code, shown) = show(&[folder.join(&file).to_str().unwrap()]);
            assert_eq!(code, 0, "{file}");
            assert_eq!(shown.pointer("/0/certificates/0/pin").unwrap(), &json!(expected), "{file}");
            assert_eq!(shown.pointer("/0/certificates/0/key").unwrap(), key, "{file}");
        }
    }
}

#[test]
fn version_1_certificates_and_bundles_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out v1.key");
    openssl(folder, "req -new -key v1.key -out v1.csr -subj /CN=v1");
    // Without an extension file OpenSSL makes a version 1 certificate.
    openssl(folder, "x509 -req -in v1.csr -signkey v1.key -out v1.pem -days 9");
    issue(folder, "other", RSA, "DNS:localhost", "9");
    let bundle = [std::fs::read(folder.join("v1.pem")).unwrap(), std::fs::read(folder.join("other.pem")).unwrap()];
    std::fs::write(folder.join("bundle.pem"), bundle.concat()).unwrap();
    let (code, shown) = show(&[folder.join("bundle.pem").to_str().unwrap()]);
    assert_eq!(code, 0);
    for (place, name) in [(0, "v1.pem"), (1, "other.pem")] {
        let pin = shown.pointer(&format!("/0/certificates/{place}/pin")).unwrap();
        assert_eq!(pin, &json!(pin_by_openssl(folder, name)), "{name}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out only.key");
    std::fs::write(folder.join("empty.pem"), "").unwrap();
    std::fs::write(folder.join("torn.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
    for (name, code) in [("only.key", 1), ("empty.pem", 1), ("torn.pem", 1), ("sub/missing.pem", 3)] {
        assert_eq!(show(&[folder.join(name).to_str().unwrap()]).0, code, "{name}");
    }
}

#[test]
fn both_chains_of_a_server_with_two_kinds_of_keys_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "elliptic", EC, "DNS:localhost,IP:127.0.0.1", "9");
    issue(folder, "rsa", RSA, "DNS:localhost,IP:127.0.0.1", "9");
    let address = tls_server(folder, &["elliptic", "rsa"]).to_string();
    let (code, shown) = show(&[&address, "--ca", folder.join("ca.pem").to_str().unwrap()]);
    assert_eq!(code, 0);
    let leaves: Vec<&Value> = shown
        .pointer("/0/served")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.pointer("/chain/0/pin").unwrap())
        .collect();
    let expected = [json!(pin_by_openssl(folder, "elliptic.pem")), json!(pin_by_openssl(folder, "rsa.pem"))];
    assert_eq!(leaves, expected.iter().collect::<Vec<_>>());
}

#[test]
fn a_stray_certificate_is_not_in_the_validated_chain() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "leaf", EC, "DNS:localhost,IP:127.0.0.1", "9");
    issue(folder, "stray", EC, "DNS:stray.test", "9");
    let with_stray =
        [std::fs::read(folder.join("leaf.pem")).unwrap(), std::fs::read(folder.join("stray.pem")).unwrap()];
    std::fs::write(folder.join("leaf.pem"), with_stray.concat()).unwrap();
    let address = tls_server(folder, &["leaf"]).to_string();
    let (_, shown) = show(&[&address, "--ca", folder.join("ca.pem").to_str().unwrap()]);
    let chain = shown.pointer("/0/served/0/chain").unwrap().as_array().unwrap();
    let pins: Vec<&Value> = chain.iter().map(|row| row.get("pin").unwrap()).collect();
    let expected = [json!(pin_by_openssl(folder, "leaf.pem")), json!(pin_by_openssl(folder, "ca.pem"))];
    assert_eq!(pins, expected.iter().collect::<Vec<_>>());
}
