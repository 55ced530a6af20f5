//! A certificate's public key: all that a signing block asks of a certificate, which is known by its digest.
//!
//! Only the way to it is read (RFC 5280 section 4.1). Names, dates and extensions count for nothing here, as for Android.

use asn1_rs::{Any, Class, FromDer as _, Oid, Tag, oid};

use crate::{Error, Result};

/// SubjectPublicKeyInfo.
pub(super) struct PublicKey<'a> {
    /// The whole, in DER.
    pub(super) info: &'a [u8],
    /// The key itself, as `ring` takes it.
    pub(super) key: &'a [u8],
    pub(super) kind: KeyKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    P256,
    P384,
    /// Its object identifiers: of the algorithm, or of the curve.
    Other(String),
}

impl<'a> PublicKey<'a> {
    /// Of a certificate, in DER.
    pub(super) fn of(certificate: &'a [u8]) -> Result<Self> {
        Self::walk(certificate).ok_or(Error::Malformed { what: "a certificate" })
    }

    /// Certificate, TBSCertificate, then version (if tagged), serial number, signature, issuer, validity, subject.
    fn walk(certificate: &'a [u8]) -> Option<Self> {
        let mut whole = certificate;
        let mut fields = sequence(&mut whole)?;
        if !whole.is_empty() {
            return None;
        }
        let mut fields = sequence(&mut fields)?;
        let (after, first) = Any::from_der(fields).ok()?;
        if first.class() == Class::ContextSpecific {
            fields = after;
        }
        for expected in [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence] {
            take(&mut fields, expected)?;
        }
        let before = fields;
        let mut parts = sequence(&mut fields)?;
        let info = before.get(..before.len().checked_sub(fields.len())?)?;
        let mut algorithm = sequence(&mut parts)?;
        let kind = kind(&mut algorithm)?;
        // A key is whole bytes: none of the last one's bits is left over.
        let [0, key @ ..] = take(&mut parts, Tag::BitString)? else { return None };
        parts.is_empty().then_some(Self { info, key, kind })
    }
}

fn kind(algorithm: &mut &[u8]) -> Option<KeyKind> {
    let name = Oid::new(take(algorithm, Tag::Oid)?.into());
    if name == oid!(1.2.840.113549.1.1.1) {
        return Some(KeyKind::Rsa);
    }
    if name != oid!(1.2.840.10045.2.1) {
        return Some(KeyKind::Other(name.to_id_string()));
    }
    // A curve that has no name is none of those that are known here.
    let curve = Oid::new(take(algorithm, Tag::Oid).unwrap_or_default().into());
    Some(if curve == oid!(1.2.840.10045.3.1.7) {
        KeyKind::P256
    } else if curve == oid!(1.3.132.0.34) {
        KeyKind::P384
    } else {
        KeyKind::Other(curve.to_id_string())
    })
}

/// What the next value, a sequence, consists of.
fn sequence<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    take(rest, Tag::Sequence)
}

fn take<'a>(rest: &mut &'a [u8], expected: Tag) -> Option<&'a [u8]> {
    let (after, value) = Any::from_der(rest).ok()?;
    *rest = after;
    (value.class() == Class::Universal && value.tag() == expected).then_some(value.data)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rcgen::{KeyPair, PublicKeyData as _, SignatureAlgorithm};

    use super::*;

    fn certificate(algorithm: &'static SignatureAlgorithm) -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let parameters = rcgen::CertificateParams::new(["acme.com".to_owned()]).unwrap();
        (parameters.self_signed(&key).unwrap().der().to_vec(), key)
    }

    #[test]
    fn the_key_is_the_certificates() {
        for (algorithm, kind) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, KeyKind::P256),
            (&rcgen::PKCS_ECDSA_P384_SHA384, KeyKind::P384),
            (&rcgen::PKCS_ED25519, KeyKind::Other("1.3.101.112".into())),
        ] {
            let (der, made) = certificate(algorithm);
            let found = PublicKey::of(&der).unwrap();
            assert_eq!((found.key, found.kind), (made.der_bytes(), kind));
            assert_eq!(found.info, made.subject_public_key_info());
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let (der, made) = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
        let key = der.windows(made.der_bytes().len()).position(|window| window == made.der_bytes()).unwrap();
        let changed = |place: usize, to: u8| {
            let mut der = der.clone();
            *der.get_mut(place).unwrap() = to;
            der
        };
        let cut = |length: usize| der.iter().take(length).copied().collect::<Vec<u8>>();
        for (what, der) in [
            ("nothing", Vec::new()),
            ("cut short", cut(der.len() - 1)),
            ("followed by a byte", [der.as_slice(), &[0]].concat()),
            ("of unknown length", changed(1, 0x80)),
            ("a set", changed(0, 0x31)),
            ("a key with bits left over", changed(key - 1, 1)),
            ("a key in octets", changed(key - 3, 4)),
            ("a key that is longer than its place", changed(key - 2, 0x7f)),
            ("text", b"-----BEGIN CERTIFICATE-----".to_vec()),
        ] {
            assert!(matches!(PublicKey::of(&der), Err(Error::Malformed { .. })), "{what}");
        }
    }
}
