//! Makes tokens with own keys, with any one thing forged.

use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bonafide_attestation::play_integrity::{Expectation, Keys, PlayIntegrityError, Verdict, verify_token};
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;
pub const PACKAGE: &str = "com.acme.app";
/// Its base64url has letters that base64 has not, and padding.
pub const NONCE: &[u8] = &[0xfb, 0xff, 0xfe, 0xff];

const P256_SPKI: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

pub fn base64url(data: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(data)
}

/// Everything that a token is made of. What [`Forge::new`] gives is valid.
pub struct Forge {
    pub decryption: [u8; 32],
    pub signer: EcdsaKeyPair,
    pub jwe_header: Value,
    pub jws_header: Value,
    pub payload: Value,
    /// Instead of the payload's JSON.
    pub raw_payload: Option<String>,
    /// Instead of the signed token.
    pub content: Option<Vec<u8>>,
    pub content_key: Vec<u8>,
    pub iv: Vec<u8>,
    /// Instead of the header's part.
    pub bound_to: Option<String>,
}

impl Forge {
    pub fn new() -> Self {
        Self {
            decryption: [3; 32],
            signer: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            jwe_header: json!({"alg": "A256KW", "enc": "A256GCM"}),
            jws_header: json!({"alg": "ES256"}),
            payload: json!({
                "requestDetails": {
                    "requestPackageName": PACKAGE,
                    "nonce": base64url(NONCE),
                    "timestampMillis": (NOW * 1000 - 1).to_string(),
                },
                "appIntegrity": {
                    "appRecognitionVerdict": "PLAY_RECOGNIZED",
                    "packageName": PACKAGE,
                    "certificateSha256Digest": ["6a6a1474b5cbbb2b1aa57e0bc3"],
                    "versionCode": "42",
                },
                "deviceIntegrity": {
                    "deviceRecognitionVerdict": ["MEETS_DEVICE_INTEGRITY", "MEETS_COSMIC_INTEGRITY"],
                    "deviceAttributes": {"sdkVersion": 33},
                    "recentDeviceActivity": {"deviceActivityLevel": "LEVEL_2"},
                    "deviceRecall": {"values": {"bitFirst": true}},
                },
                "accountDetails": {"appLicensingVerdict": "LICENSED"},
                "environmentDetails": {
                    "playProtectVerdict": "NO_ISSUES",
                    "appAccessRiskVerdict": {"appsDetected": ["KNOWN_INSTALLED", "UNKNOWN_CAPTURING"]},
                },
            }),
            raw_payload: None,
            content: None,
            content_key: vec![5; 32],
            iv: vec![6; 12],
            bound_to: None,
        }
    }

    pub fn spki(&self) -> Vec<u8> {
        [P256_SPKI, self.signer.public_key().as_ref()].concat()
    }

    /// The signed token inside.
    pub fn jws(&self) -> String {
        let payload = self.raw_payload.clone().unwrap_or_else(|| self.payload.to_string());
        let input = format!("{}.{}", base64url(self.jws_header.to_string()), base64url(payload));
        let signature = self.signer.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(signature))
    }

    pub fn token(&self) -> String {
        self.encrypt(&self.jwe_header.to_string())
    }

    /// The whole token, under a header that need not be JSON.
    pub fn encrypt(&self, header: &str) -> String {
        let header = base64url(header);
        let mut wrapped = vec![0; self.content_key.len() + 8];
        let kek = AesKek::new(&AES_256, &self.decryption).unwrap();
        kek.wrap(&self.content_key, &mut wrapped).unwrap();
        let mut content = self.content.clone().unwrap_or_else(|| self.jws().into_bytes());
        // Only a key and a nonce of the right lengths can encrypt; with others the content stays in the clear.
        let key = UnboundKey::new(&AES_256_GCM, &self.content_key).map(LessSafeKey::new);
        let tag = match (key, Nonce::try_assume_unique_for_key(&self.iv)) {
            (Ok(key), Ok(nonce)) => {
                let aad = Aad::from(self.bound_to.as_ref().unwrap_or(&header).as_bytes());
                key.seal_in_place_separate_tag(nonce, aad, &mut content).unwrap().as_ref().to_vec()
            }
            _ => vec![0; 16],
        };
        [header, base64url(wrapped), base64url(&self.iv), base64url(content), base64url(tag)].join(".")
    }

    pub fn keys(&self) -> Keys {
        Keys::from_base64(&STANDARD.encode([3; 32]), &STANDARD.encode(self.spki())).unwrap()
    }

    /// Verifies a token against what a true one of this forge has.
    pub fn verify(&self, token: &str) -> Result<Verdict, PlayIntegrityError> {
        verify_token(token, &self.keys(), &expectation())
    }
}

pub fn expectation() -> Expectation<'static> {
    Expectation {
        package_name: PACKAGE,
        nonce: NONCE,
        time: NOW,
        max_age: Duration::from_secs(300),
        max_skew: Duration::from_secs(30),
        allow_testing_response: false,
    }
}
