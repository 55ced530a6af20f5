//! Tokens as they come, and payloads as if Google had signed them.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bonafide_attestation::play_integrity::{Expectation, Keys, open_token, verify_token};
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [3; 32];
const SPKI: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

static SIGNER: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let spki = [SPKI, SIGNER.public_key().as_ref()].concat();
    Keys::from_base64(&STANDARD.encode(KEY), &STANDARD.encode(spki)).unwrap()
});

/// A token around `payload`; its content key and nonce do not matter.
fn token(payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(payload));
    let signature = SIGNER.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    let mut content = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"A256KW","enc":"A256GCM"}"#);
    let mut wrapped = [0; 40];
    AesKek::new(&AES_256, &KEY).unwrap().wrap(&KEY, &mut wrapped).unwrap();
    let tag = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &KEY).unwrap())
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key([0; 12]), Aad::from(header.as_bytes()), &mut content)
        .unwrap();
    let parts = [&wrapped[..], &[0; 12], &content, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{}", parts.join("."))
}

fuzz_target!(|data: &[u8]| {
    let expectation = Expectation {
        package_name: "com.acme.app",
        nonce: b"nonce",
        time: 1_800_000_000,
        max_age: Duration::from_secs(300),
        max_skew: Duration::from_secs(30),
        allow_testing_response: false,
    };
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(verify_token(text, &KEYS, &expectation).is_err(), "a fresh key has signed nothing");
    }
    let _ = open_token(&token(data), &KEYS);
    if let Ok(verdict) = verify_token(&token(data), &KEYS, &expectation) {
        assert!(!verdict.is_testing_response);
        assert!((1_799_999_700_000..=1_800_000_030_000).contains(&verdict.timestamp));
    }
});
