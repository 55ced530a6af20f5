//! docs/attestation.md names every refusal, and none that does not exist.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

/// The rows of the page's table, each with the enum that it lists.
const ROWS: &[(&str, &str, &str)] = &[
    ("Android", "android_key/error.rs", "AndroidKeyError"),
    ("– a certificate", "certificate/error.rs", "CertificateError"),
    ("– a value of the description", "android_key/value.rs", "Problem"),
    ("App Attest, attestation", "app_attest/attestation.rs", "AttestationError"),
    ("– assertion", "app_attest/assertion.rs", "AssertionError"),
    ("– receipt", "app_attest/receipt.rs", "ReceiptError"),
    ("– certificates", "app_attest/chain.rs", "ChainError"),
    ("– authenticator data", "app_attest/authenticator.rs", "AuthenticatorDataError"),
    ("– CBOR", "cbor.rs", "CborError"),
    ("Play Integrity", "play_integrity/token.rs", "PlayIntegrityError"),
    ("– its two layers", "play_integrity/jwe.rs", "JoseError"),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The variants of an enum, as rustfmt lays them out.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let (_, behind) = source.split_once(&format!("pub enum {name} {{\n")).unwrap_or_else(|| panic!("no {name}"));
    let lines = behind.split("\n}").next().unwrap().lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

#[test]
fn every_refusal_is_documented() {
    let page = read("../../docs/attestation.md");
    let (_, table) = page.split_once("## Names of refusals").unwrap();
    for (row, file, name) in ROWS {
        let start = format!("| {row} | ");
        let line = table.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no row {row}"));
        let documented: BTreeSet<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let found = variants(&read(&format!("src/{file}")), name);
        assert!(found.len() > 4, "{name}: {found:?}");
        assert_eq!(documented, found, "{name}");
    }
}
