//! SPKI pins (RFC 7469 section 2.4): `sha256/` and the base64 of the SHA-256 of a certificate's
//! SubjectPublicKeyInfo DER.

use std::fmt;
use std::str::FromStr;

use asn1_rs::{Any, Class, FromBer as _, Tag};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::encoding::{Sha256, from_base64, sha256, to_base64};

/// A certificate longer than this is not read. The longest in public use are a few KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

const PREFIX: &str = "sha256/";

/// The SHA-256 of a certificate's SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pin(Sha256);

/// Why a text is no pin.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text:?} is no pin: expected sha256/ and 44 characters of base64")]
pub struct MalformedPin {
    /// The text found.
    pub text: String,
}

/// Why no SPKI could be read from a certificate.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadableCertificate {
    /// Longer than [`MAX_CERTIFICATE_BYTES`].
    #[error("{length} bytes, more than the {MAX_CERTIFICATE_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not the DER of an X.509 certificate (RFC 5280 section 4.1).
    #[error("not the DER of an X.509 certificate")]
    NotDer,
}

impl Pin {
    /// The pin with this digest.
    pub fn from_digest(digest: Sha256) -> Self {
        Self(digest)
    }

    /// The pin of a SubjectPublicKeyInfo, in DER.
    pub fn of_spki(spki: &[u8]) -> Self {
        Self(sha256(spki))
    }

    /// The pin of a certificate, in DER.
    pub fn of_certificate(der: &[u8]) -> Result<Self, UnreadableCertificate> {
        spki(der).map(Self::of_spki)
    }

    /// The digest.
    pub fn digest(&self) -> &Sha256 {
        &self.0
    }
}

/// The SubjectPublicKeyInfo of a certificate, both in DER.
///
/// Only the way to it is read, so that a certificate with an odd name, date or extension still has its pin:
/// whether a certificate is any good is the platform's to judge.
pub fn spki(certificate: &[u8]) -> Result<&[u8], UnreadableCertificate> {
    if certificate.len() > MAX_CERTIFICATE_BYTES {
        return Err(UnreadableCertificate::TooLong { length: certificate.len() });
    }
    walk_to_spki(certificate).ok_or(UnreadableCertificate::NotDer)
}

/// RFC 5280 section 4.1: Certificate, TBSCertificate, then version (if tagged), serial number, signature, issuer,
/// validity, subject; the seventh is it.
fn walk_to_spki(certificate: &[u8]) -> Option<&[u8]> {
    let (rest, certificate) = Any::from_ber(certificate).ok()?;
    if !rest.is_empty() || certificate.tag() != Tag::Sequence {
        return None;
    }
    let (_, tbs) = Any::from_ber(certificate.data).ok()?;
    if tbs.tag() != Tag::Sequence {
        return None;
    }
    let (mut rest, first) = Any::from_ber(tbs.data).ok()?;
    if first.class() != Class::ContextSpecific {
        rest = tbs.data;
    }
    for expected in [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence] {
        let (after, field) = Any::from_ber(rest).ok()?;
        if field.tag() != expected {
            return None;
        }
        rest = after;
    }
    let (after, field) = Any::from_ber(rest).ok()?;
    let length = rest.len().checked_sub(after.len())?;
    if field.tag() != Tag::Sequence {
        return None;
    }
    rest.get(..length)
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", to_base64(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Pin {
    type Err = MalformedPin;

    fn from_str(text: &str) -> Result<Self, MalformedPin> {
        text.strip_prefix(PREFIX)
            .and_then(from_base64)
            .and_then(|raw| Sha256::try_from(raw).ok())
            .map(Self)
            .ok_or_else(|| MalformedPin { text: text.chars().take(100).collect() })
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A document's list of pins. Pins of unknown kinds are skipped, and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinList {
    pins: Vec<Pin>,
    skipped: usize,
}

impl PinList {
    /// A list of these pins.
    pub fn new(pins: Vec<Pin>) -> Self {
        Self { pins, skipped: 0 }
    }

    /// The pins.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// How many pins of unknown kinds were skipped.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

impl Serialize for PinList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.pins.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PinList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Self::default();
        for text in Vec::<String>::deserialize(deserializer)? {
            if text.starts_with(PREFIX) {
                list.pins.push(text.parse().map_err(D::Error::custom)?);
            } else {
                list.skipped += 1;
            }
        }
        Ok(list)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn certificate() -> rcgen::CertifiedKey<rcgen::KeyPair> {
        rcgen::generate_simple_self_signed(["api.acme.com".to_owned()]).unwrap()
    }

    #[test]
    fn the_pin_is_that_of_the_whole_spki() {
        use rcgen::PublicKeyData as _;
        let made = certificate();
        assert_eq!(Pin::of_certificate(made.cert.der()), Ok(Pin::of_spki(&made.signing_key.subject_public_key_info())));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let der = certificate().cert.der().to_vec();
        let mut trailing = der.clone();
        trailing.push(0);
        let truncated = der.get(..der.len() - 1).unwrap().to_vec();
        for bad in [vec![], vec![0x30, 0x80], b"-----BEGIN CERTIFICATE-----".to_vec(), trailing, truncated] {
            assert_eq!(Pin::of_certificate(&bad), Err(UnreadableCertificate::NotDer));
        }
        let long = vec![0x30; MAX_CERTIFICATE_BYTES + 1];
        assert_eq!(Pin::of_certificate(&long), Err(UnreadableCertificate::TooLong { length: long.len() }));
    }

    #[test]
    fn unknown_kinds_are_skipped_and_malformed_known_ones_refused() {
        let known = Pin::from_digest([9; 32]);
        let list: PinList = serde_json::from_str(&format!(r#"["sha512/AAAA","{known}"]"#)).unwrap();
        assert_eq!((list.pins(), list.skipped()), (&[known][..], 1));
        assert!(serde_json::from_str::<PinList>(r#"["sha256/AAAA"]"#).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Pin::of_certificate(&bytes);
        }

        #[test]
        fn a_pin_survives_its_text(digest: [u8; 32]) {
            let pin = Pin::from_digest(digest);
            prop_assert_eq!(pin.to_string().parse(), Ok(pin));
        }
    }
}
