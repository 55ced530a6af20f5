//! Why a certificate was refused.

use serde::Serialize;
use thiserror::Error;

use super::{MAX_CERTIFICATE_BYTES, MAX_EXTENSIONS, MAX_IDENTIFIER_BYTES};

/// Why a certificate, or its relation to its issuer, was refused. Times are Unix seconds.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum CertificateError {
    /// Longer than is read.
    #[error("{length} bytes, more than the {MAX_CERTIFICATE_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not the canonical DER of one X.509 certificate and nothing else.
    #[error("not a DER certificate")]
    NotCertificate,
    /// The signed part names another signature algorithm than the envelope.
    #[error("the signature algorithms inside and outside of the signed part differ")]
    AlgorithmsDiffer,
    /// More extensions than are read.
    #[error("{count} extensions, more than the {MAX_EXTENSIONS} that are read")]
    TooManyExtensions {
        /// How many there are.
        count: usize,
    },
    /// An extension whose identifier is longer than is read.
    #[error("an extension's identifier of {length} bytes, more than the {MAX_IDENTIFIER_BYTES} that are read")]
    LongIdentifier {
        /// The identifier's length in bytes.
        length: usize,
    },
    /// The same extension twice.
    #[error("the extension {oid} is there twice")]
    DuplicateExtension {
        /// Its dotted identifier.
        oid: String,
    },
    /// An extension of a known kind with content that it cannot have.
    #[error("the extension {oid} is malformed")]
    MalformedExtension {
        /// Its dotted identifier.
        oid: String,
    },
    /// An extension that must be understood, and is not.
    #[error("the critical extension {oid} is unknown")]
    UnknownCritical {
        /// Its dotted identifier.
        oid: String,
    },
    /// A signature or key of a kind that is not supported, or the two do not belong together.
    #[error("no support for a signature {signature} by a key {key}")]
    UnknownAlgorithm {
        /// The signature algorithm's dotted identifier.
        signature: String,
        /// The dotted identifier of the issuer's key type.
        key: String,
    },
    /// The issuer's key did not make this signature.
    #[error("the signature is not that of the issuer")]
    BadSignature,
    /// The next certificate is not that of the issuer.
    #[error("issued by {expected:?}, but the next certificate is that of {found:?}")]
    IssuerMismatch {
        /// The issuer that the certificate names.
        expected: String,
        /// The next certificate's subject.
        found: String,
    },
    /// Not yet valid.
    #[error("valid from {not_before} on, and it is {now}")]
    NotYetValid {
        /// The time of the check.
        now: i64,
        /// Its first valid second.
        not_before: i64,
    },
    /// No longer valid.
    #[error("valid until {not_after}, and it is {now}")]
    Expired {
        /// The time of the check.
        now: i64,
        /// Its last valid second.
        not_after: i64,
    },
    /// It issued a certificate and is no certificate authority.
    #[error("it issued a certificate, but is no certificate authority")]
    NotAuthority,
    /// It issued a certificate, and its key usage does not allow that.
    #[error("it issued a certificate, but its key usage does not allow that")]
    MayNotSign,
    /// More intermediates below it than it allows.
    #[error("{found} intermediates below it, but it allows {allowed}")]
    PathTooLong {
        /// The most that it allows.
        allowed: u32,
        /// How many there are.
        found: u32,
    },
}

impl From<der::Error> for CertificateError {
    fn from(_: der::Error) -> Self {
        Self::NotCertificate
    }
}
