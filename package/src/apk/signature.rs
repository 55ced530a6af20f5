//! Signature algorithms of the signing block, over `ring`.

use ::ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use ring::signature as ring;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::content::ContentAlgorithm;

/// The digest of the content that a signature algorithm goes with; nothing for an unknown one.
pub(super) fn content_of(algorithm: u32) -> Option<ContentAlgorithm> {
    match algorithm {
        0x0101 | 0x0103 | 0x0201 | 0x0301 => Some(ContentAlgorithm::Sha256),
        0x0102 | 0x0104 | 0x0202 => Some(ContentAlgorithm::Sha512),
        0x0421 | 0x0423 | 0x0425 => Some(ContentAlgorithm::Verity),
        _ => None,
    }
}

/// The key's kind, for people.
pub(super) fn kind(key: &SubjectPublicKeyInfo<'_>) -> String {
    match curve(key) {
        Some(curve) if curve == OID_EC_P256 => "P-256".to_owned(),
        Some(curve) if curve == OID_NIST_EC_P384 => "P-384".to_owned(),
        _ if key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION => "RSA".to_owned(),
        _ => format!("type {}", key.algorithm.algorithm),
    }
}

/// Whether the signature is the key's; nothing if this pair of algorithm and key is not supported.
pub(super) fn verify(algorithm: u32, key: &SubjectPublicKeyInfo<'_>, message: &[u8], signature: &[u8]) -> Option<bool> {
    let verification = verification(algorithm, key)?;
    let key = UnparsedPublicKey::new(verification, &key.subject_public_key.data);
    Some(key.verify(message, signature).is_ok())
}

fn verification(algorithm: u32, key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let rsa = key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION;
    let p256 = curve(key).is_some_and(|curve| curve == OID_EC_P256);
    let p384 = curve(key).is_some_and(|curve| curve == OID_NIST_EC_P384);
    Some(match algorithm {
        0x0101 if rsa => &ring::RSA_PSS_2048_8192_SHA256,
        0x0102 if rsa => &ring::RSA_PSS_2048_8192_SHA512,
        // Old apps cannot replace a short key, and Android takes it.
        0x0103 | 0x0421 if rsa => &ring::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        0x0104 if rsa => &ring::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        0x0201 | 0x0423 if p256 => &ring::ECDSA_P256_SHA256_ASN1,
        0x0201 | 0x0423 if p384 => &ring::ECDSA_P384_SHA256_ASN1,
        _ => return None,
    })
}

fn curve<'a>(key: &'a SubjectPublicKeyInfo<'_>) -> Option<x509_parser::der_parser::oid::Oid<'a>> {
    if key.algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return None;
    }
    key.algorithm.parameters.as_ref()?.as_oid().ok()
}
