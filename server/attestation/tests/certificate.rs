//! Signatures that another implementation made (`tests/signatures/make`): which are taken, and which are not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use bonafide_attestation::android_key::chain_from_pem;
use bonafide_attestation::certificate::{Certificate, CertificateError};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signatures").join(name).with_extension("pem");
    chain_from_pem(&std::fs::read_to_string(path).unwrap()).unwrap().pop().unwrap()
}

/// What a self-signed certificate says of its own signature.
fn outcome(name: &str) -> Result<(), CertificateError> {
    let der = read(name);
    let certificate = Certificate::parse(&der).unwrap();
    certificate.check_signed_by(&certificate)
}

const TAKEN: &[&str] = &[
    "rsa-2048-sha256",
    "rsa-2048-sha384",
    "rsa-2048-sha512",
    "p256-sha256",
    "p256-sha384",
    "p384-sha256",
    "p384-sha384",
];

#[test]
fn the_documented_kinds_are_taken() {
    for name in TAKEN {
        assert_eq!(outcome(name), Ok(()), "{name}");
    }
}

#[test]
fn a_changed_signature_is_none() {
    for name in TAKEN {
        let mut der = read(name);
        // The last octet belongs to the signature.
        *der.last_mut().unwrap() ^= 1;
        let certificate = Certificate::parse(&der).unwrap();
        assert_eq!(certificate.check_signed_by(&certificate), Err(CertificateError::BadSignature), "{name}");
    }
}

#[test]
fn weak_and_unknown_kinds_are_refused() {
    for (name, signature, key) in [
        ("rsa-2048-sha1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.1"),
        ("p256-sha1", "1.2.840.10045.4.1", "1.2.840.10045.2.1"),
        ("p384-sha1", "1.2.840.10045.4.1", "1.2.840.10045.2.1"),
        ("p256-sha512", "1.2.840.10045.4.3.4", "1.2.840.10045.2.1"),
        ("p384-sha512", "1.2.840.10045.4.3.4", "1.2.840.10045.2.1"),
        ("p521-sha256", "1.2.840.10045.4.3.2", "1.2.840.10045.2.1"),
        ("rsa-pss-sha256", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.1"),
        ("ed25519", "1.3.101.112", "1.3.101.112"),
    ] {
        let expected = CertificateError::UnknownAlgorithm { signature: signature.into(), key: key.into() };
        assert_eq!(outcome(name), Err(expected), "{name}");
    }
    assert_eq!(outcome("rsa-1024-sha256"), Err(CertificateError::BadSignature));
}

#[test]
fn a_key_of_another_kind_than_the_signature_is_refused() {
    let (rsa, ec) = (read("rsa-2048-sha256"), read("p256-sha256"));
    let (rsa, ec) = (Certificate::parse(&rsa).unwrap(), Certificate::parse(&ec).unwrap());
    for (signed, issuer) in [(&rsa, &ec), (&ec, &rsa)] {
        assert!(matches!(signed.check_signed_by(issuer), Err(CertificateError::UnknownAlgorithm { .. })));
    }
    let (p384, other) = (read("p384-sha256"), read("p256-sha384"));
    let p384 = Certificate::parse(&p384).unwrap();
    let other = Certificate::parse(&other).unwrap();
    assert_eq!(other.check_signed_by(&ec), Err(CertificateError::BadSignature));
    assert_eq!(ec.check_signed_by(&p384), Err(CertificateError::BadSignature));
}
