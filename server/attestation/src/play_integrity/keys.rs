//! The two keys that open a token.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;
use serde::Serialize;
use thiserror::Error;
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

/// The response encryption keys of one app, as Play Console shows them (Release, App integrity, Play Integrity API).
#[derive(Clone)]
pub struct Keys {
    pub(super) decryption: [u8; 32],
    pub(super) verification: DecodingKey,
}

impl Keys {
    /// Reads the *decryption key*, base64 of 32 bytes (AES-256), and the *verification key*, base64 of a
    /// SubjectPublicKeyInfo in DER form (P-256). White space around and inside them is ignored.
    pub fn from_base64(decryption: &str, verification: &str) -> Result<Self, KeysError> {
        let decryption = decode(decryption).ok_or(KeysError::Base64 { key: "decryption" })?;
        let length = decryption.len();
        let decryption = decryption.try_into().map_err(|_| KeysError::DecryptionLength { found: length })?;
        let verification = decode(verification).ok_or(KeysError::Base64 { key: "verification" })?;
        let point = p256_point(&verification).ok_or(KeysError::Verification)?;
        Ok(Self { decryption, verification: DecodingKey::from_ec_der(&point) })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys { .. }")
    }
}

/// Why keys were refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum KeysError {
    /// Not base64.
    #[error("the {key} key is not base64")]
    Base64 {
        /// `decryption` or `verification`.
        key: &'static str,
    },
    /// Not an AES-256 key.
    #[error("the decryption key has {found} bytes, expected 32")]
    DecryptionLength {
        /// How many bytes there are.
        found: usize,
    },
    /// Not a public key on P-256.
    #[error("the verification key is not the SubjectPublicKeyInfo of a P-256 key")]
    Verification,
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok()
}

/// The uncompressed point of a SubjectPublicKeyInfo, if it lies on P-256.
fn p256_point(spki: &[u8]) -> Option<Vec<u8>> {
    let ([], spki) = SubjectPublicKeyInfo::from_der(spki).ok()? else { return None };
    let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
    let point = &spki.subject_public_key;
    let is_p256 = spki.algorithm.algorithm == oid!(1.2.840.10045.2.1) && curve == oid!(1.2.840.10045.3.1.7);
    if !is_p256 || point.unused_bits != 0 || point.data.len() != 65 {
        return None;
    }
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point.data).ok()?;
    Some(point.data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECRYPTION: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    // A key of the App Attest test corpus.
    const VERIFICATION: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZHixl1wNh3V3WAj55Ynla+NGkjr3
        cwsQsFU0zY/rDePfLmbfwXFrpRTGdF41XUABI8IIe/fAlG3FhYJlNATj1w==";

    #[test]
    fn only_the_consoles_keys_are_keys() {
        let off_the_curve = VERIFICATION.replace("ZHix", "ZHiy");
        let refused = |decryption, verification| Keys::from_base64(decryption, verification).err();
        assert_eq!(refused("!", VERIFICATION), Some(KeysError::Base64 { key: "decryption" }));
        assert_eq!(refused("MDEy", VERIFICATION), Some(KeysError::DecryptionLength { found: 3 }));
        assert_eq!(refused(DECRYPTION, "!"), Some(KeysError::Base64 { key: "verification" }));
        assert_eq!(refused(DECRYPTION, DECRYPTION), Some(KeysError::Verification));
        assert_eq!(refused(DECRYPTION, &off_the_curve), Some(KeysError::Verification));
        // The same point, said to lie on another curve.
        let other_curve = VERIFICATION.replace("AQcD", "AQYD");
        assert_eq!(refused(DECRYPTION, &other_curve), Some(KeysError::Verification));
        assert_eq!(refused(DECRYPTION, VERIFICATION), None);
    }

    #[test]
    fn keys_are_not_shown() {
        let keys = Keys::from_base64(DECRYPTION, VERIFICATION).ok();
        assert_eq!(format!("{keys:?}"), "Some(Keys { .. })");
    }
}
