//! Why a chain was refused.

use bonafide_protocol::encoding::{Sha256, to_hex};
use serde::{Serialize, Serializer};
use thiserror::Error;

use super::chain::{MAX_CERTIFICATES, MIN_CERTIFICATES};
use super::description::{DescriptionError, Enforced, SecurityLevel};
use super::revocation::RevocationEntry;
use super::value::{Bytes, Origin};
use crate::certificate::CertificateError;

/// Why a chain was refused. Links count from 0, the attested key's certificate.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum AndroidKeyError {
    /// No certificate at all.
    #[error("no certificate")]
    Empty,
    /// Too short to be an attestation.
    #[error("{count} certificates, fewer than {MIN_CERTIFICATES}")]
    TooFew {
        /// How many there are.
        count: usize,
    },
    /// More certificates than are read.
    #[error("{count} certificates, more than the {MAX_CERTIFICATES} that are read")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A certificate, or its relation to its issuer.
    #[error("certificate {link}: {error}")]
    Certificate {
        /// Which one.
        link: usize,
        /// What is wrong.
        error: CertificateError,
    },
    /// The first certificate does not describe its key.
    #[error("certificate 0 carries no key description: the key was made without an attestation challenge")]
    NoDescription,
    /// A certificate that issued another one describes its key: somebody signed with an attested key.
    #[error("certificate {link} carries a key description, which only certificate 0 may")]
    DescriptionMisplaced {
        /// Which one.
        link: usize,
    },
    /// The provisioning extension at a place where the attestation key's certificate is not.
    #[error("certificate {link} carries the provisioning extension, which only certificate 1 may")]
    ProvisioningMisplaced {
        /// Which one.
        link: usize,
    },
    /// The last certificate is none of the roots.
    #[error("it ends in {subject:?} with a key of SHA-256 {}, which is none of the roots", to_hex(key_digest))]
    UntrustedRoot {
        /// The last certificate's subject.
        subject: String,
        /// The SHA-256 of its SubjectPublicKeyInfo.
        #[serde(serialize_with = "as_hex")]
        key_digest: Sha256,
    },
    /// A certificate is on the revocation list.
    #[error("certificate {link} with serial number {serial} is on the revocation list: {:?}", entry.status)]
    Revoked {
        /// Which one.
        link: usize,
        /// Its serial number.
        serial: String,
        /// What the list says.
        entry: Box<RevocationEntry>,
    },
    /// The key description is malformed.
    #[error(transparent)]
    Description(DescriptionError),
    /// Made for another challenge.
    #[error("the challenge is {found}, not {expected}")]
    Challenge {
        /// The challenge expected.
        expected: Bytes,
        /// The challenge found.
        found: Bytes,
    },
    /// Protected less than demanded.
    #[error(
        "less than {expected:?}: attested by {attestation:?}, kept by {key_mint:?}, attestation key certified for \
         {certified:?}"
    )]
    SecurityLevel {
        /// The least level.
        expected: SecurityLevel,
        /// Where the attestation was made.
        attestation: SecurityLevel,
        /// Where the key is kept.
        key_mint: SecurityLevel,
        /// What the attestation key was certified for.
        certified: Option<SecurityLevel>,
    },
    /// The hardware describes a key of another type.
    #[error("{field} is {found:?}, not {expected}")]
    KeyType {
        /// The field of the hardware-enforced list.
        field: &'static str,
        /// The value expected.
        expected: u64,
        /// The value found.
        found: Option<u64>,
    },
    /// The certified key is none over P-256.
    #[error("the certified key is none over P-256")]
    NotP256,
    /// Another key than expected.
    #[error("the key is {found}, not {expected}")]
    Key {
        /// The expected key's thumbprint (RFC 7638).
        expected: String,
        /// That of the key found.
        found: String,
    },
    /// The hardware does not let the key sign.
    #[error("the hardware does not let the key sign")]
    CannotSign,
    /// The key may be used for something that is not allowed.
    #[error("the key has the purpose {purpose}, which is not allowed")]
    Purpose {
        /// KeyMint's number of the purpose.
        purpose: u64,
    },
    /// The hardware did not make the key, or does not say so.
    #[error("the key's origin is {found:?}, not the hardware")]
    Origin {
        /// The origin found.
        found: Option<Origin>,
    },
    /// Every app on the phone may use the key.
    #[error("every app may use the key, says the list that {side:?} enforces")]
    AllApplications {
        /// Which list says so.
        side: Enforced,
    },
}

fn as_hex<S: Serializer>(digest: &Sha256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_hex(digest))
}
