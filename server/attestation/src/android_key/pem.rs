//! Chains as PEM text.

use thiserror::Error;
use x509_parser::pem::Pem;

use super::chain::MAX_CERTIFICATES;

/// The longest PEM text of a chain that is read, in bytes.
pub const MAX_PEM_BYTES: usize = 128 * 1024;

/// Reads a chain of PEM certificates (RFC 7468), in the order in which they stand.
pub fn chain_from_pem(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    if text.len() > MAX_PEM_BYTES {
        return Err(PemError::TooLong { length: text.len() });
    }
    let mut chain = Vec::new();
    for pem in Pem::iter_from_buffer(text.as_bytes()) {
        let place = chain.len();
        let pem = pem.map_err(|_| PemError::Malformed { place })?;
        if pem.label != "CERTIFICATE" {
            return Err(PemError::NotCertificate { place, label: pem.label });
        }
        if place == MAX_CERTIFICATES {
            return Err(PemError::TooMany);
        }
        chain.push(pem.contents);
    }
    Ok(chain)
}

/// Why text was not taken for a chain. Places count from 0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemError {
    /// Longer than is read.
    #[error("{length} bytes, more than the {MAX_PEM_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// More certificates than a chain may have.
    #[error("more than {MAX_CERTIFICATES} certificates")]
    TooMany,
    /// A block that is not PEM.
    #[error("block {place} is not PEM")]
    Malformed {
        /// Its place.
        place: usize,
    },
    /// A block with something else.
    #[error("block {place} holds a {label:?}, not a CERTIFICATE")]
    NotCertificate {
        /// Its place.
        place: usize,
        /// What it says to hold.
        label: String,
    },
}
