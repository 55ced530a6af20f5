//! The roots that chains may end in: data that the operator can replace.

use bonafide_protocol::encoding::{Sha256, sha256};
use thiserror::Error;

use super::pem::{PemError, chain_from_pem};
use crate::certificate::{Certificate, CertificateError};

/// The longest list of roots that is read, in bytes.
pub const MAX_ROOTS_BYTES: usize = 256 * 1024;

/// The most roots in one list.
pub const MAX_ROOTS: usize = 32;

/// Google's list as of the release of this version, from <https://android.googleapis.com/attestation/root>.
const GOOGLE: &[u8] = include_bytes!("../../data/google-roots.json");

/// The roots that are trusted: a name and a public key each. Their dates are not used, see the
/// [module](super)'s decisions.
#[derive(Clone, Debug)]
pub struct Roots {
    anchors: Vec<Anchor>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Anchor {
    subject: Vec<u8>,
    public_key: Vec<u8>,
}

impl Roots {
    /// The list that this version brings along.
    pub fn google() -> Result<Self, RootsError> {
        Self::from_json(GOOGLE)
    }

    /// Reads a list in Google's form: a JSON array of PEM texts, one self-signed certificate each.
    pub fn from_json(json: &[u8]) -> Result<Self, RootsError> {
        if json.len() > MAX_ROOTS_BYTES {
            return Err(RootsError::TooLong { length: json.len() });
        }
        let texts: Vec<String> = serde_json::from_slice(json)
            .map_err(|error| RootsError::NotList { line: error.line(), column: error.column() })?;
        if texts.is_empty() {
            return Err(RootsError::Empty);
        }
        if texts.len() > MAX_ROOTS {
            return Err(RootsError::TooMany { count: texts.len() });
        }
        let anchors: Result<_, _> = texts.iter().enumerate().map(|(place, text)| Anchor::read(place, text)).collect();
        Ok(Self { anchors: anchors? })
    }

    /// Reads self-signed certificates in one PEM text, at most as many as a chain may have.
    pub fn from_pem(text: &str) -> Result<Self, RootsError> {
        let ders = chain_from_pem(text).map_err(|error| RootsError::Pem { place: 0, error })?;
        if ders.is_empty() {
            return Err(RootsError::Empty);
        }
        let anchors: Result<_, _> = ders.iter().enumerate().map(|(place, der)| Anchor::of(place, der)).collect();
        Ok(Self { anchors: anchors? })
    }

    /// Whether a certificate carries the name and the key of one of the roots.
    pub(super) fn include(&self, certificate: &Certificate<'_>) -> bool {
        self.anchors
            .iter()
            .any(|anchor| anchor.subject == certificate.subject() && anchor.public_key == certificate.public_key().raw)
    }

    /// The SHA-256 digests of the roots' public keys (DER SubjectPublicKeyInfo), for logs and diagnosis.
    pub fn key_digests(&self) -> Vec<Sha256> {
        self.anchors.iter().map(|anchor| sha256(&anchor.public_key)).collect()
    }
}

impl Anchor {
    fn read(place: usize, text: &str) -> Result<Self, RootsError> {
        let ders = chain_from_pem(text).map_err(|error| RootsError::Pem { place, error })?;
        let [der] = ders.as_slice() else {
            return Err(RootsError::NotOne { place, count: ders.len() });
        };
        Self::of(place, der)
    }

    fn of(place: usize, der: &[u8]) -> Result<Self, RootsError> {
        let refuse = |error| RootsError::Certificate { place, error };
        let root = Certificate::parse(der).map_err(refuse)?;
        root.check_may_issue(0).map_err(refuse)?;
        root.check_named_by(&root).map_err(refuse)?;
        root.check_signed_by(&root).map_err(refuse)?;
        Ok(Self { subject: root.subject().to_vec(), public_key: root.public_key().raw.to_vec() })
    }
}

/// Why a list of roots was not taken. Places count from 0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootsError {
    /// Longer than is read.
    #[error("{length} bytes, more than the {MAX_ROOTS_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not a JSON array of texts.
    #[error("not a JSON array of PEM texts: line {line}, column {column}")]
    NotList {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A list without roots.
    #[error("it lists no root")]
    Empty,
    /// More roots than are read.
    #[error("{count} roots, more than the {MAX_ROOTS} that are read")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// An entry that is not PEM.
    #[error("root {place}: {error}")]
    Pem {
        /// Its place.
        place: usize,
        /// What is wrong.
        error: PemError,
    },
    /// An entry that does not hold exactly one certificate.
    #[error("root {place}: {count} certificates instead of one")]
    NotOne {
        /// Its place.
        place: usize,
        /// How many it holds.
        count: usize,
    },
    /// An entry that is no self-signed certificate of an authority.
    #[error("root {place}: {error}")]
    Certificate {
        /// Its place.
        place: usize,
        /// What is wrong.
        error: CertificateError,
    },
}
