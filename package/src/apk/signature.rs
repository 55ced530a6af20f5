//! Signature algorithms of the signing block, over `ring`.

use ::ring::signature::{UnparsedPublicKey, VerificationAlgorithm};
use ring::signature as ring;

use super::certificate::{KeyKind, PublicKey};
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
pub(super) fn kind(key: &PublicKey<'_>) -> String {
    match &key.kind {
        KeyKind::Rsa => "RSA".to_owned(),
        KeyKind::P256 => "P-256".to_owned(),
        KeyKind::P384 => "P-384".to_owned(),
        KeyKind::Other(name) => format!("type {name}"),
    }
}

/// Whether the signature is the key's; nothing if this pair of algorithm and key is not supported.
pub(super) fn verify(algorithm: u32, key: &PublicKey<'_>, message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = UnparsedPublicKey::new(verification(algorithm, &key.kind)?, key.key);
    Some(key.verify(message, signature).is_ok())
}

fn verification(algorithm: u32, kind: &KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (algorithm, kind) {
        (0x0101, KeyKind::Rsa) => &ring::RSA_PSS_2048_8192_SHA256,
        (0x0102, KeyKind::Rsa) => &ring::RSA_PSS_2048_8192_SHA512,
        // Old apps cannot replace a short key, and Android takes it.
        (0x0103 | 0x0421, KeyKind::Rsa) => &ring::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (0x0104, KeyKind::Rsa) => &ring::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (0x0201 | 0x0423, KeyKind::P256) => &ring::ECDSA_P256_SHA256_ASN1,
        (0x0201 | 0x0423, KeyKind::P384) => &ring::ECDSA_P384_SHA256_ASN1,
        _ => return None,
    })
}
