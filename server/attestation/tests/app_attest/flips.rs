//! Real evidence with one bit flipped is never accepted.

use std::ops::Range;

use bonafide_attestation::app_attest::{
    AssertionExpectation, AttestationExpectation, Environment, ReceiptExpectation, Roots, verify_assertion,
    verify_attestation, verify_receipt,
};

use crate::corpus::Entry;

const THREADS: usize = 2;

/// Calls `accepted` with each one-bit twin of `evidence`, and fails if it says so. The bytes `without` stay as they are.
fn flip(id: &str, evidence: &[u8], without: &Range<usize>, accepted: impl Fn(&[u8]) -> bool + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let accepted = &accepted;
            scope.spawn(move || {
                let mut twin = evidence.to_vec();
                let bytes = (thread..evidence.len()).step_by(THREADS).filter(|byte| !without.contains(byte));
                for (byte, bit) in bytes.flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
                    twin[byte] ^= 1 << bit;
                    assert!(!accepted(&twin), "{id}: bit {bit} of byte {byte}");
                    twin[byte] ^= 1 << bit;
                }
                assert!(accepted(&twin), "{id}: the true one");
            });
        }
    });
}

/// Nothing in an attestation covers its receipt, which is verified on its own, and flipped below.
#[test]
fn attestations() {
    // All have the same form, and twelve thousand bits beside the receipt.
    if let Some(entry) = Entry::all("attestation").first() {
        let (app_id, roots, evidence) = (entry.app_id(), Roots::app_attestation(), entry.evidence());
        let (key_id, client_data_hash) = (entry.key_id(), entry.client_data_hash());
        let verify = |attestation: &[u8]| {
            let expectation = AttestationExpectation {
                app_id: &app_id,
                key_id: &key_id,
                client_data_hash: &client_data_hash,
                environments: &[Environment::Development, Environment::Production],
                roots: &roots,
                time: entry.time(),
            };
            verify_attestation(attestation, &expectation)
        };
        let receipt = verify(&evidence).unwrap().receipt;
        let start = evidence.windows(receipt.len()).position(|window| window == receipt).unwrap();
        flip(&entry.id, &evidence, &(start..start + receipt.len()), |twin| verify(twin).is_ok());
    }
}

#[test]
fn assertions() {
    for entry in Entry::all("assertion") {
        let (app_id, key, hash) = (entry.app_id(), entry.public_key(), entry.client_data_hash());
        flip(&entry.id, &entry.evidence(), &(0..0), |twin| {
            let expectation =
                AssertionExpectation { app_id: &app_id, public_key: &key, client_data_hash: &hash, counter: 0 };
            verify_assertion(twin, &expectation).is_ok()
        });
    }
}

#[test]
fn receipts() {
    // One in BER with indefinite lengths, one in BER with definite ones.
    let entries = Entry::all("receipt");
    let form = |indefinite| entries.iter().find(|entry| (entry.evidence()[1] == 0x80) == indefinite).unwrap();
    for entry in [form(true), form(false)] {
        let (app_id, key, roots) = (entry.app_id(), entry.public_key(), Roots::receipt());
        flip(&entry.id, &entry.evidence(), &(0..0), |twin| {
            let expectation =
                ReceiptExpectation { app_id: &app_id, public_key: &key, roots: &roots, time: entry.time() };
            verify_receipt(twin, &expectation).is_ok()
        });
    }
}
