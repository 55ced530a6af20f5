//! Makes Play Integrity tokens with keys of its own.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use bonafide_protocol::encoding::{to_base64, to_base64url};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const PACKAGE: &str = "com.acme.app";
/// Its base64url has letters that base64 has not.
pub(crate) const NONCE: &[u8] = &[0xfb, 0xff, 0xfe, 0xff];

const DECRYPTION_KEY: [u8; 32] = [3; 32];
const CONTENT_KEY: [u8; 32] = [5; 32];
const IV: [u8; 12] = [6; 12];

/// What stands before the point in the SubjectPublicKeyInfo of a P-256 key.
const P256_SPKI: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// What a token is made of; [`Forge::new`] makes a good one.
pub(crate) struct Forge {
    signer: EcdsaKeyPair,
    pub(crate) payload: Value,
}

impl Forge {
    pub(crate) fn new() -> Self {
        Self {
            signer: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            payload: json!({
                "requestDetails": {
                    "requestPackageName": PACKAGE,
                    "nonce": to_base64url(NONCE),
                    "timestampMillis": (NOW * 1000).to_string(),
                },
                "appIntegrity": {
                    "appRecognitionVerdict": "PLAY_RECOGNIZED",
                    "packageName": PACKAGE,
                    "certificateSha256Digest": ["6a6a1474b5cbbb2b1aa57e0bc3"],
                    "versionCode": "42",
                },
                "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_DEVICE_INTEGRITY"]},
                "accountDetails": {"appLicensingVerdict": "LICENSED"},
            }),
        }
    }

    /// As Play Console shows it.
    pub(crate) fn decryption_key() -> String {
        to_base64(&DECRYPTION_KEY)
    }

    /// As Play Console shows it.
    pub(crate) fn verification_key(&self) -> String {
        to_base64(&[P256_SPKI, self.signer.public_key().as_ref()].concat())
    }

    /// Signed, then encrypted.
    pub(crate) fn token(&self) -> String {
        let part = |value: &Value| to_base64url(value.to_string().as_bytes());
        let input = format!("{}.{}", part(&json!({"alg": "ES256"})), part(&self.payload));
        let signature = self.signer.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        let mut content = format!("{input}.{}", to_base64url(signature.as_ref())).into_bytes();

        let header = part(&json!({"alg": "A256KW", "enc": "A256GCM"}));
        let mut wrapped = [0; 40];
        AesKek::new(&AES_256, &DECRYPTION_KEY).unwrap().wrap(&CONTENT_KEY, &mut wrapped).unwrap();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &CONTENT_KEY).unwrap());
        let nonce = Nonce::assume_unique_for_key(IV);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut content).unwrap();
        let parts = [&wrapped[..], &IV, &content, tag.as_ref()].map(to_base64url);
        [&[header], &parts[..]].concat().join(".")
    }
}
