//! Keys of the Secure Enclave and their ids.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use serde::{Serialize, Serializer};
use thiserror::Error;
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use super::encoding::{as_base64, hex, sha256};

/// The id of a key: SHA-256 of its uncompressed point. Serialises as base64, as `DCAppAttestService` gives it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub [u8; 32]);

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({})", hex(&self.0))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_base64(self.0, serializer)
    }
}

/// A public key on the curve P-256. Serialises as the base64 of its uncompressed point (SEC 1 section 2.3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// A key from its uncompressed point, 65 bytes; refused unless it lies on the curve.
    pub fn from_point(point: &[u8]) -> Result<Self, UnusableKey> {
        let key = Self(point.try_into().map_err(|_| UnusableKey::Length { found: point.len() })?);
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.0).map_err(|_| UnusableKey::Point)?;
        Ok(key)
    }

    /// A key from its SubjectPublicKeyInfo in DER form (RFC 5480).
    pub fn from_spki(spki: &[u8]) -> Result<Self, UnusableKey> {
        match SubjectPublicKeyInfo::from_der(spki) {
            Ok(([], spki)) => Self::from_parsed(&spki),
            _ => Err(UnusableKey::Algorithm),
        }
    }

    pub(super) fn from_parsed(spki: &SubjectPublicKeyInfo<'_>) -> Result<Self, UnusableKey> {
        let curve = spki.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        let is_ec = spki.algorithm.algorithm == oid!(1.2.840.10045.2.1);
        if !is_ec || curve != Some(oid!(1.2.840.10045.3.1.7)) || spki.subject_public_key.unused_bits != 0 {
            return Err(UnusableKey::Algorithm);
        }
        Self::from_point(&spki.subject_public_key.data)
    }

    /// The uncompressed point, 65 bytes.
    pub fn as_point(&self) -> &[u8; 65] {
        &self.0
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        KeyId(sha256(&[&self.0]))
    }

    /// Whether `signature` (DER of r and s) over `message` is this key's, with ECDSA and SHA-256.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.0)
            .is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", hex(&self.0))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_base64(self.0, serializer)
    }
}

/// Why a public key was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum UnusableKey {
    /// Not an elliptic curve key on P-256.
    #[error("not a P-256 key")]
    Algorithm,
    /// Not an uncompressed point.
    #[error("{found} bytes, expected an uncompressed point of 65")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// Not on the curve.
    #[error("the point does not lie on the curve")]
    Point,
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_points_on_the_curve_are_keys() {
        // SEC 2 section 2.4.2, the base point.
        let point = [
            &[4],
            &0x6b17_d1f2_e12c_4247_f8bc_e6e5_63a4_40f2_u128.to_be_bytes()[..],
            &0x7703_7d81_2deb_33a0_f4a1_3945_d898_c296_u128.to_be_bytes(),
            &0x4fe3_42e2_fe1a_7f9b_8ee7_eb4a_7c0f_9e16_u128.to_be_bytes(),
            &0x2bce_3357_6b31_5ece_cbb6_4068_37bf_51f5_u128.to_be_bytes(),
        ]
        .concat();
        let mut off = point.clone();
        off[64] ^= 1;
        assert_eq!(PublicKey::from_point(&off), Err(UnusableKey::Point));
        assert_eq!(PublicKey::from_point(&[&[2], &point[1..33]].concat()), Err(UnusableKey::Length { found: 33 }));
        assert_eq!(PublicKey::from_point(&[5; 65]), Err(UnusableKey::Point));
        assert_eq!(PublicKey::from_spki(&point), Err(UnusableKey::Algorithm));
        assert_eq!(PublicKey::from_point(&point).map(|key| key.as_point().to_vec()), Ok(point));
    }
}
