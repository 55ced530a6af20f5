//! Every entry of the corpus gives the right answer at its own time, and none later.

use bonafide_attestation::app_attest::{
    AppId, AssertionError, AssertionExpectation, AttestationError, AttestationExpectation, AuthenticatorDataError,
    ChainError, Environment, Extensions, ReceiptEnvironment, ReceiptError, ReceiptExpectation, ReceiptType, Roots,
    read_assertion, read_attestation, verify_assertion, verify_attestation, verify_receipt,
};

use crate::corpus::Entry;
use crate::forge::Forge;

const DAY: i64 = 86_400;

#[test]
fn attestations_hold_at_their_time_and_not_later() {
    for entry in Entry::all("attestation") {
        let (app_id, roots) = (entry.app_id(), Roots::app_attestation());
        let (key_id, client_data_hash) = (entry.key_id(), entry.client_data_hash());
        let expectation = AttestationExpectation {
            app_id: &app_id,
            key_id: &key_id,
            client_data_hash: &client_data_hash,
            environments: &[Environment::Development],
            roots: &roots,
            time: entry.time(),
        };
        let evidence = entry.evidence();
        let at = |time| verify_attestation(&evidence, &AttestationExpectation { time, ..expectation });

        let time = entry.time() + 4 * DAY;
        let Err(AttestationError::Chain(ChainError::Expired { index: 0, time: found, .. })) = at(time) else {
            panic!("{}: {:?}", entry.id, at(time));
        };
        assert_eq!(found, time);
        let time = entry.time() - 2 * DAY;
        assert!(
            matches!(at(time), Err(AttestationError::Chain(ChainError::NotYetValid { index: 0, .. }))),
            "{}",
            entry.id
        );

        let proven = at(entry.time()).unwrap();
        assert_eq!(proven.environment, Environment::Development, "{}", entry.id);
        assert_eq!(proven.public_key, entry.public_key(), "{}", entry.id);
        assert_eq!(proven.key_id.0.as_slice(), key_id, "{}", entry.id);
        assert_eq!(proven.extensions, Extensions::default(), "{}", entry.id);
        let receipt = verify_receipt(
            &proven.receipt,
            &ReceiptExpectation {
                app_id: &app_id,
                public_key: &proven.public_key,
                roots: &Roots::receipt(),
                time: entry.time(),
            },
        );
        assert_eq!(receipt.unwrap().receipt_type, ReceiptType::Attest, "{}", entry.id);
    }
}

#[test]
fn assertions_hold_once() {
    for entry in Entry::all("assertion") {
        let (app_id, key, hash) = (entry.app_id(), entry.public_key(), entry.client_data_hash());
        let counter = entry.counter.unwrap();
        let evidence = entry.evidence();
        let after = |counter| {
            let expectation =
                AssertionExpectation { app_id: &app_id, public_key: &key, client_data_hash: &hash, counter };
            verify_assertion(&evidence, &expectation)
        };
        assert_eq!(after(counter), Err(AssertionError::Counter { last: counter, found: counter }), "{}", entry.id);
        let proven = after(counter - 1).unwrap();
        assert_eq!((proven.counter, proven.extensions), (counter, Extensions::default()), "{}", entry.id);
    }
}

#[test]
fn receipts_say_what_the_corpus_says_and_expire() {
    for entry in Entry::all("receipt") {
        let (app_id, key, roots) = (entry.app_id(), entry.public_key(), Roots::receipt());
        let evidence = entry.evidence();
        let at = |time| {
            let expectation = ReceiptExpectation { app_id: &app_id, public_key: &key, roots: &roots, time };
            verify_receipt(&evidence, &expectation)
        };
        let expected = entry.properties.as_ref().unwrap();
        let late = expected.expiration_time() / 1000;
        let error = ReceiptError::Expired { expiration_time: expected.expiration_time(), time: late + 1 };
        assert_eq!(at(late + 1), Err(error), "{}", entry.id);
        let years_later = at(late + 1000 * DAY);
        assert!(
            matches!(years_later, Err(ReceiptError::Chain(ChainError::Expired { index: 0, .. }))),
            "{}: {years_later:?}",
            entry.id
        );

        let found = at(entry.time()).unwrap();
        assert_eq!(found.app_id, app_id.as_str(), "{}", entry.id);
        assert_eq!(found.public_key, key, "{}", entry.id);
        assert_eq!(found.client_hash, expected.client_hash(), "{}", entry.id);
        assert_eq!(found.token, expected.token, "{}", entry.id);
        let kind = if expected.kind == "ATTEST" { ReceiptType::Attest } else { ReceiptType::Receipt };
        assert_eq!(found.receipt_type, kind, "{}", entry.id);
        assert_eq!((expected.environment.as_str(), found.environment), ("sandbox", Some(ReceiptEnvironment::Sandbox)));
        assert_eq!(found.creation_time, expected.creation_time(), "{}", entry.id);
        assert_eq!(found.risk_metric, expected.risk_metric, "{}", entry.id);
        assert_eq!(found.not_before, expected.not_before(), "{}", entry.id);
        assert_eq!(found.expiration_time, expected.expiration_time(), "{}", entry.id);
    }
}

/// What is read without verification is what verification proves, and is read for any app at any time.
#[test]
fn unverified_evidence_reads_the_same() {
    for entry in Entry::all("attestation") {
        let read = read_attestation(&entry.evidence()).unwrap();
        assert_eq!((read.counter, read.environment), (0, Environment::Development), "{}", entry.id);
        assert_eq!((read.public_key, read.credential_id), (entry.public_key(), entry.key_id()), "{}", entry.id);
        assert_eq!(read.certificates.len(), 2, "{}", entry.id);
        let shown = serde_json::to_value(read_attestation(&entry.evidence()).unwrap()).unwrap();
        assert!(shown.get("certificates").is_none(), "{shown}");
    }
    for entry in Entry::all("assertion") {
        let read = read_assertion(&entry.evidence()).unwrap();
        assert_eq!((Some(read.counter), read.extensions), (entry.counter, Extensions::default()), "{}", entry.id);
    }
    assert!(matches!(read_attestation(&[0; 40_000]), Err(AttestationError::TooLong { length: 40_000 })));
    assert!(matches!(read_assertion(&[0; 5_000]), Err(AssertionError::TooLong { length: 5_000 })));
}

/// The twins of real evidence that differ in what is expected: Apple's signature cannot be forged, the question can.
#[test]
fn real_attestations_are_refused_for_other_expectations() {
    use AttestationError as E;
    type Refusal = fn(&AttestationError) -> bool;
    let other_app = AppId::new("6MURL8TA57", "de.vincent-haupert.apple-appattest-pod");
    for entry in Entry::all("attestation") {
        let (app_id, roots, other_roots) = (entry.app_id(), Roots::app_attestation(), Roots::receipt());
        let (key_id, client_data_hash) = (entry.key_id(), entry.client_data_hash());
        let expectation = AttestationExpectation {
            app_id: &app_id,
            key_id: &key_id,
            client_data_hash: &client_data_hash,
            environments: &[Environment::Development],
            roots: &roots,
            time: entry.time(),
        };
        let table: &[(&str, AttestationExpectation<'_>, Refusal)] = &[
            ("app", AttestationExpectation { app_id: &other_app, ..expectation }, |e| {
                matches!(e, E::AuthenticatorData(AuthenticatorDataError::RpIdHash { .. }))
            }),
            ("key id", AttestationExpectation { key_id: &client_data_hash, ..expectation }, |e| {
                matches!(e, E::KeyId { .. })
            }),
            ("no key id", AttestationExpectation { key_id: &[], ..expectation }, |e| matches!(e, E::KeyId { .. })),
            ("client data", AttestationExpectation { client_data_hash: &key_id, ..expectation }, |e| {
                matches!(e, E::Nonce { .. })
            }),
            ("environment", AttestationExpectation { environments: &[Environment::Production], ..expectation }, |e| {
                *e == E::Environment { found: Environment::Development }
            }),
            ("no environment", AttestationExpectation { environments: &[], ..expectation }, |e| {
                *e == E::Environment { found: Environment::Development }
            }),
            ("root", AttestationExpectation { roots: &other_roots, ..expectation }, |e| {
                matches!(e, E::Chain(ChainError::UnknownRoot { .. }))
            }),
        ];
        for (name, expectation, refusal) in table {
            let error = verify_attestation(&entry.evidence(), expectation).unwrap_err();
            assert!(refusal(&error), "{}: {name}: {error:?}", entry.id);
        }
    }
}

#[test]
fn real_assertions_and_receipts_are_refused_for_other_expectations() {
    let other_app = AppId::new("6MURL8TA57", "de.vincent-haupert.apple-appattest-pod");
    let other_key = Forge::new().public_key();
    for entry in Entry::all("assertion") {
        let (app_id, key, hash) = (entry.app_id(), entry.public_key(), entry.client_data_hash());
        let expectation =
            AssertionExpectation { app_id: &app_id, public_key: &key, client_data_hash: &hash, counter: 0 };
        let refusal = |expectation| verify_assertion(&entry.evidence(), &expectation).unwrap_err();
        let expected = AssertionError::Signature;
        assert_eq!(refusal(AssertionExpectation { public_key: &other_key, ..expectation }), expected);
        assert_eq!(refusal(AssertionExpectation { client_data_hash: &[0; 32], ..expectation }), expected);
        let other = refusal(AssertionExpectation { app_id: &other_app, ..expectation });
        assert!(
            matches!(other, AssertionError::AuthenticatorData(AuthenticatorDataError::RpIdHash { .. })),
            "{other:?}"
        );
    }
    for entry in Entry::all("receipt") {
        let (app_id, key, roots) = (entry.app_id(), entry.public_key(), Roots::receipt());
        let expectation = ReceiptExpectation { app_id: &app_id, public_key: &key, roots: &roots, time: entry.time() };
        let refusal = |expectation| verify_receipt(&entry.evidence(), &expectation).unwrap_err();
        let other = refusal(ReceiptExpectation { app_id: &other_app, ..expectation });
        assert!(matches!(other, ReceiptError::AppId { .. }), "{other:?}");
        let other = refusal(ReceiptExpectation { public_key: &other_key, ..expectation });
        assert_eq!(other, ReceiptError::PublicKey { expected: other_key.id(), found: key.id() });
        let other = refusal(ReceiptExpectation { roots: &Roots::app_attestation(), ..expectation });
        assert!(matches!(other, ReceiptError::Chain(ChainError::UnknownRoot { .. })), "{other:?}");
    }
}
