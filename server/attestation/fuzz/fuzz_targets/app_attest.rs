//! Attestations and the receipts inside them.
#![no_main]

use bonafide_attestation::app_attest::{
    AppId, AttestationExpectation, Environment, PublicKey, ReceiptExpectation, Roots, read_attestation,
    verify_attestation, verify_receipt,
};
use libfuzzer_sys::fuzz_target;

/// Between the day of the first seed and that of the last, so that some certificates are valid.
const TIME: i64 = 1_606_000_000;

/// SEC 2 section 2.4.2: the base point of P-256.
const POINT: &[u8; 65] = b"\x04\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\
    \xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\
    \xcb\xb6\x40\x68\x37\xbf\x51\xf5";

fuzz_target!(|data: &[u8]| {
    let _ = read_attestation(data);
    let app_id = AppId::new("6MURL8TA57", "de.vincent-haupert.apple-appattest-poc");
    let proven = verify_attestation(
        data,
        &AttestationExpectation {
            app_id: &app_id,
            key_id: &[0; 32],
            client_data_hash: &[0; 32],
            environments: &[Environment::Development, Environment::Production],
            roots: &Roots::app_attestation(),
            time: TIME,
        },
    );
    assert!(proven.is_err(), "no key has the id of zeros");
    let public_key = PublicKey::from_point(POINT).unwrap();
    let expectation =
        ReceiptExpectation { app_id: &app_id, public_key: &public_key, roots: &Roots::receipt(), time: TIME };
    assert!(verify_receipt(data, &expectation).is_err(), "Apple has attested no such key");
});
