//! Assertions: as they come, and their authenticator data as if the signature had been checked.
#![no_main]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use bonafide_attestation::app_attest::{AppId, AssertionExpectation, PublicKey, read_assertion, verify_assertion};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());

const CLIENT_DATA_HASH: [u8; 32] = [0; 32];

fuzz_target!(|data: &[u8]| {
    let public_key = PublicKey::from_point(KEY.public_key().as_ref()).unwrap();
    let app_id = AppId::new("6MURL8TA57", "de.vincent-haupert.apple-appattest-poc");
    let verify = |assertion: &[u8]| {
        let expectation = AssertionExpectation {
            app_id: &app_id,
            public_key: &public_key,
            client_data_hash: &CLIENT_DATA_HASH,
            counter: 0,
        };
        verify_assertion(assertion, &expectation)
    };
    assert!(verify(data).is_err(), "a fresh key has signed nothing");

    let nonce = digest(&SHA256, &[data, &CLIENT_DATA_HASH].concat());
    let signature = KEY.sign(&SystemRandom::new(), nonce.as_ref()).unwrap();
    let Ok(length) = u16::try_from(data.len()) else { return };
    let assertion = [
        &b"\xa2\x69signature\x58"[..],
        &[u8::try_from(signature.as_ref().len()).unwrap()],
        signature.as_ref(),
        b"\x71authenticatorData\x59",
        &length.to_be_bytes(),
        data,
    ];
    let assertion = assertion.concat();
    if let Ok(proven) = verify(&assertion) {
        assert!(proven.counter > 0);
        assert_eq!(read_assertion(&assertion).map(|read| read.counter), Ok(proven.counter));
    }
});
