//! One forgery at a time in a receipt, each refused for its own reason.

use bonafide_attestation::app_attest::{
    ChainError, MAX_RECEIPT, ReceiptEnvironment, ReceiptError, ReceiptType, UnusableKey,
};
use bonafide_forge::app_attest::receipt::{DATA, ECDSA_SHA384, Forge, SHA384, SIGNED_DATA};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::ber::{octets, set};
use crate::forge::{Authority, NOW};

#[test]
fn the_unforged_one_passes_in_either_form() {
    let mut forge = Forge::new();
    for in_pieces in [false, true] {
        forge.in_pieces = in_pieces;
        let receipt = forge.verify(&forge.encode()).unwrap();
        assert_eq!(receipt.receipt_type, ReceiptType::Receipt);
        assert_eq!(receipt.environment, Some(ReceiptEnvironment::Production));
        assert_eq!(receipt.creation_time, NOW * 1000 + 500);
        assert_eq!((receipt.risk_metric, receipt.token.as_str()), (Some(2), "token"));
        assert_eq!(receipt.client_hash, [7; 32]);
    }
}

#[test]
fn forgeries_are_refused() {
    use ChainError as C;
    use ReceiptError as E;
    type Row = (&'static str, fn(&mut Forge), fn(&ReceiptError) -> bool);
    let table: &[Row] = &[
        (
            "another kind of message",
            |f| f.content_type = DATA,
            |e| matches!(e, E::Identifier { field: "contentType", .. }),
        ),
        (
            "another kind of content",
            |f| f.inner_type = SIGNED_DATA,
            |e| matches!(e, E::Identifier { field: "eContentType", .. }),
        ),
        ("another version", |f| f.version = 3, |e| *e == E::Version { field: "version", found: 3 }),
        (
            "another signer version",
            |f| f.signer_version = 3,
            |e| *e == E::Version { field: "signerInfo.version", found: 3 },
        ),
        ("another digest", |f| f.digest = SHA384, |e| matches!(e, E::Identifier { field: "digestAlgorithms", .. })),
        (
            "another signature algorithm",
            |f| f.signature_algorithm = ECDSA_SHA384,
            |e| matches!(e, E::Identifier { field: "signerInfo.signatureAlgorithm", .. }),
        ),
        ("parameters", |f| f.parameters = &[2, 1, 0], |e| *e == E::Parameters { field: "digestAlgorithms" }),
        ("no signer", |f| f.signers = 0, |e| *e == E::Signers { found: 0 }),
        ("two signers", |f| f.signers = 2, |e| *e == E::Signers { found: 2 }),
        (
            "a signer for other purposes",
            |f| f.signer.custom_extensions.clear(),
            |e| *e == E::NotAReceiptSigner { subject: "CN=Receipt Signing".into() },
        ),
        (
            "an expired signer",
            |f| f.signer.not_after = f.signer.not_before,
            |e| matches!(e, E::Chain(C::Expired { index: 0, .. })),
        ),
        (
            "a signer on another curve",
            |f| f.key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
            |e| *e == E::SignerKey(UnusableKey::Algorithm),
        ),
        (
            "a stranger's certificate",
            |f| f.more_certificates.push(Authority::new("Stranger").self_signed()),
            |e| matches!(e, E::UnusedCertificates { count: 1 } | E::Chain(C::Issuer { .. })),
        ),
        (
            "too many certificates",
            |f| f.more_certificates = vec![f.root.self_signed(); 3],
            |e| *e == E::Chain(C::Length { found: 5, limit: 4 }),
        ),
        ("a second content", |f| f.more_content = octets(b"content"), |e| *e == E::SignedData),
        (
            "a second content after one in pieces",
            |f| (f.in_pieces, f.more_content) = (true, octets(b"content")),
            |e| *e == E::SignedData,
        ),
        ("no fields", |f| f.content = Some(set(&[])), |e| *e == E::MissingField { kind: 3 }),
        ("content that is no set", |f| f.content = Some(octets(b"field")), |e| *e == E::Content),
        ("bytes after the fields", |f| f.content = Some([set(&[]), vec![0]].concat()), |e| *e == E::Content),
        (
            "another app",
            |f| f.field(2, b"TEAM123456.com.acme.apq"),
            |e| matches!(e, E::AppId { found, .. } if found == "TEAM123456.com.acme.apq"),
        ),
        ("an app that is no text", |f| f.field(2, &[0xff]), |e| *e == E::MalformedField { kind: 2 }),
        ("no app", |f| f.without(2), |e| *e == E::MissingField { kind: 2 }),
        ("another key", |f| f.attested = KeyPair::generate().unwrap(), |e| matches!(e, E::PublicKey { .. })),
        ("no certificate", |f| f.field(3, b"key"), |e| *e == E::AttestedCertificate(C::Malformed { index: 0 })),
        (
            "a certificate on another curve",
            |f| f.field(3, &Authority::new("Attested").self_signed()),
            |e| *e == E::AttestedKey(UnusableKey::Algorithm),
        ),
        ("no client hash", |f| f.without(4), |e| *e == E::MissingField { kind: 4 }),
        ("no token", |f| f.without(5), |e| *e == E::MissingField { kind: 5 }),
        ("no type", |f| f.without(6), |e| *e == E::MissingField { kind: 6 }),
        ("a type twice", |f| f.fields.push((6, b"ATTEST".to_vec())), |e| *e == E::DuplicateField { kind: 6 }),
        ("no creation time", |f| f.without(12), |e| *e == E::MissingField { kind: 12 }),
        ("a creation day", |f| f.field(12, b"2027-01-15"), |e| *e == E::MalformedField { kind: 12 }),
        ("a negative risk", |f| f.field(17, b"-1"), |e| *e == E::MalformedField { kind: 17 }),
        ("a risk in words", |f| f.field(17, b"low"), |e| *e == E::MalformedField { kind: 17 }),
        ("a broken time of renewal", |f| f.field(19, b""), |e| *e == E::MalformedField { kind: 19 }),
        ("no expiry", |f| f.without(21), |e| *e == E::MissingField { kind: 21 }),
        (
            "an expiry a moment ago",
            |f| f.field(21, b"2027-01-15T08:00:00Z"),
            |e| *e == E::Expired { expiration_time: NOW * 1000, time: NOW },
        ),
    ];
    for (name, forgery, expected) in table {
        let mut forge = Forge::new();
        forgery(&mut forge);
        let refusal = forge.verify(&forge.encode()).unwrap_err();
        assert!(expected(&refusal), "{name}: {refusal:?}");
    }
}

#[test]
fn another_signature_or_root_is_refused() {
    let (forge, other) = (Forge::new(), Forge::new());
    let receipt = forge.encode();
    // The same names, other keys.
    let refusal = other.verify(&receipt).unwrap_err();
    assert_eq!(refusal, ReceiptError::Chain(ChainError::Signature { index: 1 }));
    let token = receipt.windows(5).position(|window| window == b"token").unwrap();
    let mut changed = receipt.clone();
    changed[token] = b'T';
    assert_eq!(forge.verify(&changed), Err(ReceiptError::Signature));
    // The serial number stands in the certificate first, then where the signer is named.
    let leaf = forge.intermediate.issue(&forge.signer, &forge.key);
    let (_, leaf) = X509Certificate::from_der(&leaf).unwrap();
    let serial_number = leaf.raw_serial();
    let at = receipt.windows(serial_number.len()).rposition(|window| window == serial_number).unwrap();
    let mut changed = receipt.clone();
    changed[at] ^= 1;
    assert_eq!(forge.verify(&changed), Err(ReceiptError::UnknownSigner));
}

#[test]
fn broken_messages_are_refused() {
    let mut forge = Forge::new();
    for in_pieces in [false, true] {
        forge.in_pieces = in_pieces;
        let receipt = forge.encode();
        for length in 0..receipt.len() {
            assert_eq!(forge.verify(&receipt[..length]), Err(ReceiptError::SignedData), "cut at {length}");
        }
        let more = [receipt.as_slice(), &[0]].concat();
        assert_eq!(forge.verify(&more), Err(ReceiptError::SignedData));
    }
    let long = vec![0x30; MAX_RECEIPT + 1];
    assert_eq!(forge.verify(&long), Err(ReceiptError::TooLong { length: MAX_RECEIPT + 1 }));
    for deep in [[0x30, 0x80], [0x24, 0x80], [0xa0, 0x80]] {
        assert_eq!(forge.verify(&deep.repeat(MAX_RECEIPT / 2)), Err(ReceiptError::SignedData));
    }
}
