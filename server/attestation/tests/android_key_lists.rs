//! What operators supply: roots, revocation lists, chains as text.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{
    AndroidKeyError, MAX_CERTIFICATES, MAX_PEM_BYTES, MAX_REVOCATION_BYTES, MAX_ROOTS, MAX_ROOTS_BYTES, PemError,
    RevocationCheck, RevocationError, RevocationList, RevocationStatus, Roots, RootsError, Trust, chain_from_pem,
    examine,
};
use bonafide_attestation::certificate::CertificateError;
use common::forge::{COMMON_NAME, DIGITAL_SIGNATURE, Forge, NOW, key, name, pem};
use serde_json::json;

#[test]
fn every_certificate_is_looked_up_in_the_revocation_list() {
    let mut forge = Forge::remote();
    let roots = forge.roots();
    let chain = forge.chain();
    let judge = |json: &str, fetched_at| {
        let list = RevocationList::from_json(json.as_bytes(), fetched_at).unwrap();
        examine(&chain, &Trust { roots: &roots, revocation: Some(&list) }, NOW)
    };
    for (listed, at, status) in [
        (r#""1": {"status": "REVOKED"}"#, (0, "1"), RevocationStatus::Revoked),
        (r#""abc1": {"status": "REVOKED", "reason": "KEY_COMPROMISE"}"#, (1, "abc1"), RevocationStatus::Revoked),
        (r#""abc1": {"status": "SUSPENDED", "expires": "2026-01-01"}"#, (1, "abc1"), RevocationStatus::Suspended),
        (r#""abc1": {"status": "NEW"}"#, (1, "abc1"), RevocationStatus::Other("NEW".into())),
        (r#""00ABC2": {"status": "REVOKED", "comment": "x"}"#, (2, "abc2"), RevocationStatus::Revoked),
        (r#""abc3": {"status": "REVOKED"}"#, (3, "abc3"), RevocationStatus::Revoked),
    ] {
        match judge(&format!(r#"{{"entries": {{"ff": {{"status": "REVOKED"}}, {listed}}}}}"#), NOW) {
            Err(AndroidKeyError::Revoked { link, serial, entry }) => {
                assert_eq!(((link, serial.as_str()), entry.status), (at, status));
            }
            other => panic!("{listed}: {other:?}"),
        }
    }
    let clear = judge(r#"{"entries": {"abc": {"status": "REVOKED"}}}"#, NOW - 90_000).unwrap().revocation;
    assert_eq!(clear, RevocationCheck::Clear { fetched_at: NOW - 90_000, age: 90_000 });
    for (bad, line, column) in [(&b"[]"[..], 1, 2), (br#"{"entries": {"1": {}}}"#, 1, 20), (b"", 1, 0)] {
        assert_eq!(RevocationList::from_json(bad, 0).unwrap_err(), RevocationError::NotList { line, column });
    }
    let long = vec![b' '; MAX_REVOCATION_BYTES + 1];
    let expected = RevocationError::TooLong { length: MAX_REVOCATION_BYTES + 1 };
    assert_eq!(RevocationList::from_json(&long, 0).unwrap_err(), expected);
}

/// The root of a forged chain as text, changed before it is signed.
fn root(change: fn(&mut Forge)) -> String {
    let mut forge = Forge::factory();
    change(&mut forge);
    pem(forge.chain().last().unwrap())
}

#[test]
fn roots_are_read_from_pem_as_from_a_list() {
    let (one, other) = (root(|_| {}), root(|_| {}));
    let read = Roots::from_pem(&format!("a remark\n{one}{other}")).unwrap();
    let listed = Roots::from_json(json!([one, other]).to_string().as_bytes()).unwrap();
    assert_eq!(read.key_digests(), listed.key_digests());
    assert_eq!(read.key_digests().len(), 2);
    assert_eq!(Roots::from_pem("").unwrap_err(), RootsError::Empty);
    let key = one.replace("CERTIFICATE", "PRIVATE KEY");
    let error = PemError::NotCertificate { place: 0, label: "PRIVATE KEY".into() };
    assert_eq!(Roots::from_pem(&key).unwrap_err(), RootsError::Pem { place: 0, error });
    let leaf = root(|forge| forge.draft(3).usage = Some(DIGITAL_SIGNATURE));
    let error = CertificateError::MayNotSign;
    assert_eq!(Roots::from_pem(&format!("{one}{leaf}")).unwrap_err(), RootsError::Certificate { place: 1, error });
}

/// Machines read a refusal's facts.
#[test]
fn a_refusal_is_written_with_its_facts() {
    let mut forge = Forge::remote();
    let roots = forge.roots();
    let chain = forge.chain();
    let list = RevocationList::from_json(br#"{"entries": {"abc1": {"status": "SUSPENDED"}}}"#, NOW).unwrap();
    let error = examine(&chain, &Trust { roots: &roots, revocation: Some(&list) }, NOW).unwrap_err();
    let entry = json!({"status": "SUSPENDED", "reason": null, "comment": null, "expires": null});
    assert_eq!(json!(error), json!({"Revoked": {"link": 1, "serial": "abc1", "entry": entry}}));
    let error = examine(&chain, &Trust { roots: &Roots::google().unwrap(), revocation: None }, NOW).unwrap_err();
    let digest = json!(error).pointer("/UntrustedRoot/key_digest").unwrap().as_str().unwrap().to_owned();
    assert_eq!(digest.len(), 64, "{digest}");
}

#[test]
fn bad_lists_of_roots_are_refused() {
    let good = root(|_| {});
    let of = |texts: Vec<String>| Roots::from_json(json!(texts).to_string().as_bytes());
    assert_eq!(of(vec![good.clone(); MAX_ROOTS]).unwrap().key_digests().len(), MAX_ROOTS);
    let second = |error| RootsError::Certificate { place: 1, error };
    let mismatch =
        CertificateError::IssuerMismatch { expected: "CN=Other".into(), found: "serialNumber=f92009e853b6b045".into() };
    for (bad, expected) in [
        (vec![], RootsError::Empty),
        (vec![good.clone(); MAX_ROOTS + 1], RootsError::TooMany { count: MAX_ROOTS + 1 }),
        (vec![good.clone(), String::new()], RootsError::NotOne { place: 1, count: 0 }),
        (vec![good.clone(), good.repeat(2)], RootsError::NotOne { place: 1, count: 2 }),
        (vec![good.clone(), pem(b"nonsense")], second(CertificateError::NotCertificate)),
        (vec![good.clone(), root(|f| f.draft(3).signer = Some(key()))], second(CertificateError::BadSignature)),
        (vec![good.clone(), root(|f| f.draft(3).authority = None)], second(CertificateError::NotAuthority)),
        (
            vec![good.clone(), root(|f| f.draft(3).usage = Some(DIGITAL_SIGNATURE))],
            second(CertificateError::MayNotSign),
        ),
        (vec![good.clone(), root(|f| f.draft(3).issuer = name(&[(COMMON_NAME, "Other")]))], second(mismatch)),
        (
            vec![good.replace("CERTIFICATE", "PRIVATE KEY")],
            RootsError::Pem { place: 0, error: PemError::NotCertificate { place: 0, label: "PRIVATE KEY".into() } },
        ),
    ] {
        assert_eq!(of(bad).unwrap_err(), expected);
    }
    for (bad, line, column) in [(&b""[..], 1, 0), (b"{}", 1, 0), (b"[1]", 1, 2)] {
        assert_eq!(Roots::from_json(bad).unwrap_err(), RootsError::NotList { line, column });
    }
    let long = vec![b' '; MAX_ROOTS_BYTES + 1];
    assert_eq!(Roots::from_json(&long).unwrap_err(), RootsError::TooLong { length: MAX_ROOTS_BYTES + 1 });
}

#[test]
fn chains_are_read_from_text() {
    let chain = Forge::remote().chain();
    let text: String = chain.iter().map(|der| pem(der)).collect();
    assert_eq!(chain_from_pem(&text).unwrap(), chain);
    assert_eq!(chain_from_pem(&text.replace('\n', "\r\n")).unwrap(), chain);
    assert_eq!(chain_from_pem("").unwrap(), Vec::<Vec<u8>>::new());
    let first = chain.first().unwrap();
    assert_eq!(chain_from_pem(&pem(first).repeat(MAX_CERTIFICATES)).unwrap().len(), MAX_CERTIFICATES);
    for (bad, expected) in [
        (pem(first).repeat(MAX_CERTIFICATES + 1), PemError::TooMany),
        (" ".repeat(MAX_PEM_BYTES + 1), PemError::TooLong { length: MAX_PEM_BYTES + 1 }),
        (format!("{}{}", pem(first), pem(first).replace("MII", "M*I")), PemError::Malformed { place: 1 }),
        (pem(first).replace("-----END", "END"), PemError::Malformed { place: 0 }),
        (
            pem(first).replace("CERTIFICATE", "PUBLIC KEY"),
            PemError::NotCertificate { place: 0, label: "PUBLIC KEY".into() },
        ),
    ] {
        assert_eq!(chain_from_pem(&bad).unwrap_err(), expected);
    }
}
