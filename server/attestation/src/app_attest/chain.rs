//! Certificate paths (RFC 5280 section 6, the part that Apple's chains need).
//!
//! A path is given in order, leaf first. Each certificate has to be valid at the given time and signed by the next
//! one with ECDSA; the last is signed by a root, or is one. Revocation is not checked: Apple's chains name no way to.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Sequence};
use serde::Serialize;
use thiserror::Error;
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::roots::Roots;

/// The most certificates that a path may have, without its root.
pub const MAX_CHAIN: usize = 4;

const ECDSA_SHA256: Oid<'static> = oid!(1.2.840.10045.4.3.2);
const ECDSA_SHA384: Oid<'static> = oid!(1.2.840.10045.4.3.3);

/// Why a certificate path was refused. An `index` counts from the leaf, which is 0; the root comes after the last.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ChainError {
    /// No certificate, or too many.
    #[error("{found} certificates, expected 1 to {limit}")]
    Length {
        /// How many there are.
        found: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// Not one certificate in DER form.
    #[error("certificate {index} cannot be read")]
    Malformed {
        /// Which certificate.
        index: usize,
    },
    /// Its time has not come.
    #[error("certificate {index} is valid from {not_before} on, and it is {time}")]
    NotYetValid {
        /// Which certificate.
        index: usize,
        /// When it becomes valid, in Unix seconds.
        not_before: i64,
        /// The time checked, in Unix seconds.
        time: i64,
    },
    /// Its time is over.
    #[error("certificate {index} was valid until {not_after}, and it is {time}")]
    Expired {
        /// Which certificate.
        index: usize,
        /// When it expired, in Unix seconds.
        not_after: i64,
        /// The time checked, in Unix seconds.
        time: i64,
    },
    /// The issuer's name is not the subject of the next certificate.
    #[error("certificate {index} names {expected:?} as its issuer, and the next one is {found:?}")]
    Issuer {
        /// Which certificate.
        index: usize,
        /// The issuer that it names.
        expected: String,
        /// The subject of the next.
        found: String,
    },
    /// No root has the name of the last certificate's issuer.
    #[error("no trusted root is called {issuer:?}")]
    UnknownRoot {
        /// The issuer that the last certificate names.
        issuer: String,
    },
    /// Signed with another algorithm than ECDSA with SHA-256 or SHA-384.
    #[error("certificate {index} is signed with {found}")]
    Algorithm {
        /// Which certificate.
        index: usize,
        /// The algorithm's object identifier.
        found: String,
    },
    /// The next certificate's key did not make the signature.
    #[error("the signature of certificate {index} does not verify")]
    Signature {
        /// Which certificate.
        index: usize,
    },
    /// An issuer that must not issue: no CA, or its key may not sign certificates.
    #[error("certificate {index} may not issue certificates")]
    NotAnIssuer {
        /// Which certificate.
        index: usize,
    },
    /// The leaf is a CA itself.
    #[error("the leaf is a CA certificate")]
    LeafIsIssuer,
    /// More certificates below an issuer than it allows.
    #[error("certificate {index} allows {limit} issuers below it")]
    PathLength {
        /// Which certificate.
        index: usize,
        /// How many it allows.
        limit: u32,
    },
    /// A critical extension that is not understood here.
    #[error("certificate {index} has the critical extension {oid}, which is not known here")]
    CriticalExtension {
        /// Which certificate.
        index: usize,
        /// The extension's object identifier.
        oid: String,
    },
}

/// Reads `der`, which must be one certificate and nothing else.
///
/// What lies around the signed part is not signed. It is read a second time, by a parser that allows DER alone, so that
/// no certificate has two forms.
pub(super) fn parse(index: usize, der: &[u8]) -> Result<X509Certificate<'_>, ChainError> {
    match (X509Certificate::from_der(der), Form::from_der(der)) {
        (Ok(([], certificate)), Ok(_)) => Ok(certificate),
        _ => Err(ChainError::Malformed { index }),
    }
}

/// The form of a certificate.
#[derive(Sequence)]
struct Form<'a> {
    signed: AnyRef<'a>,
    algorithm: Algorithm,
    signature: BitStringRef<'a>,
}

/// An algorithm without parameters, as all of ECDSA's are (RFC 5758 section 3.2).
#[derive(Sequence)]
struct Algorithm {
    identifier: ObjectIdentifier,
}

/// Checks the path `chain`, leaf first, up to one of `roots` at `time`, in Unix seconds.
pub(super) fn verify(chain: &[X509Certificate<'_>], roots: &Roots, time: i64) -> Result<(), ChainError> {
    let Some((leaf, last)) = chain.first().zip(chain.last()).filter(|_| chain.len() <= MAX_CHAIN) else {
        return Err(ChainError::Length { found: chain.len(), limit: MAX_CHAIN });
    };
    if leaf.is_ca() {
        return Err(ChainError::LeafIsIssuer);
    }
    for (index, certificate) in chain.iter().enumerate() {
        check(index, certificate, time)?;
    }
    for (index, (certificate, issuer)) in chain.iter().zip(chain.iter().skip(1)).enumerate() {
        if certificate.issuer().as_raw() != issuer.subject().as_raw() {
            let (expected, found) = (certificate.issuer().to_string(), issuer.subject().to_string());
            return Err(ChainError::Issuer { index, expected, found });
        }
        link(index, certificate, issuer)?;
    }
    let is_root = roots.as_der().iter().any(|root| root == last.as_raw());
    if is_root && chain.len() > 1 { Ok(()) } else { anchor(chain.len() - 1, last, roots, time) }
}

/// What a certificate has to fulfil on its own.
fn check(index: usize, certificate: &X509Certificate<'_>, time: i64) -> Result<(), ChainError> {
    let validity = certificate.validity();
    let (not_before, not_after) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    if time < not_before {
        return Err(ChainError::NotYetValid { index, not_before, time });
    }
    if time > not_after {
        return Err(ChainError::Expired { index, not_after, time });
    }
    // A map of them fails on duplicates.
    let extensions = certificate.extensions_map().map_err(|_| ChainError::Malformed { index })?;
    let unknown = extensions.values().find(|extension| {
        let known =
            matches!(extension.parsed_extension(), ParsedExtension::BasicConstraints(_) | ParsedExtension::KeyUsage(_));
        extension.critical && !known
    });
    match unknown {
        Some(extension) => Err(ChainError::CriticalExtension { index, oid: extension.oid.to_id_string() }),
        None => Ok(()),
    }
}

/// Whether `issuer`, which is certificate `index + 1`, may sign certificates and has signed `certificate`.
fn link(index: usize, certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Result<(), ChainError> {
    let constraints = issuer.basic_constraints().ok().flatten().map(|extension| extension.value);
    let signs = issuer.key_usage().ok().flatten().is_some_and(|extension| extension.value.key_cert_sign());
    let Some(constraints) = constraints.filter(|constraints| constraints.ca && signs) else {
        return Err(ChainError::NotAnIssuer { index: index + 1 });
    };
    // As many issuers lie between this one and the leaf as the index says.
    if let Some(limit) = constraints.path_len_constraint
        && usize::try_from(limit).is_ok_and(|limit| index > limit)
    {
        return Err(ChainError::PathLength { index: index + 1, limit });
    }
    let algorithm = &certificate.signature_algorithm;
    let known = [ECDSA_SHA256, ECDSA_SHA384].contains(&algorithm.algorithm) && algorithm.parameters.is_none();
    if !known || *algorithm != certificate.tbs_certificate.signature {
        return Err(ChainError::Algorithm { index, found: algorithm.algorithm.to_id_string() });
    }
    if certificate.signature_value.unused_bits != 0 || certificate.verify_signature(Some(issuer.public_key())).is_err()
    {
        return Err(ChainError::Signature { index });
    }
    Ok(())
}

/// Whether one of the roots of the issuer's name has signed `last`.
fn anchor(index: usize, last: &X509Certificate<'_>, roots: &Roots, time: i64) -> Result<(), ChainError> {
    let mut refusal = ChainError::UnknownRoot { issuer: last.issuer().to_string() };
    for der in roots.as_der() {
        let root = parse(index + 1, der)?;
        if root.subject().as_raw() == last.issuer().as_raw() {
            match check(index + 1, &root, time).and_then(|()| link(index, last, &root)) {
                Ok(()) => return Ok(()),
                Err(error) => refusal = error,
            }
        }
    }
    Err(refusal)
}
