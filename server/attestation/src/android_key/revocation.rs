//! Google's list of certificates that are no longer to be trusted: input, with the time at which it was fetched.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest list that is read, in bytes.
pub const MAX_REVOCATION_BYTES: usize = 32 * 1024 * 1024;

/// A revocation list, as <https://android.googleapis.com/attestation/status> serves it: statuses by serial number.
#[derive(Clone, Debug)]
pub struct RevocationList {
    entries: HashMap<String, RevocationEntry>,
    fetched_at: u64,
}

impl RevocationList {
    /// Reads the JSON, fetched at `fetched_at` (Unix seconds). Keys are read in either case and with or without leading
    /// zeros.
    pub fn from_json(json: &[u8], fetched_at: u64) -> Result<Self, RevocationError> {
        #[derive(Deserialize)]
        struct File {
            entries: HashMap<String, RevocationEntry>,
        }
        if json.len() > MAX_REVOCATION_BYTES {
            return Err(RevocationError::TooLong { length: json.len() });
        }
        let file: File = serde_json::from_slice(json)
            .map_err(|error| RevocationError::NotList { line: error.line(), column: error.column() })?;
        let normal = |serial: String| serial.trim_start_matches('0').to_ascii_lowercase();
        let entries = file.entries.into_iter().map(|(serial, entry)| (normal(serial), entry)).collect();
        Ok(Self { entries, fetched_at })
    }

    /// When it was fetched, in Unix seconds.
    pub fn fetched_at(&self) -> u64 {
        self.fetched_at
    }

    /// How many certificates it lists.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it says about the certificate with this serial number: lower-case hexadecimal without leading zeros.
    pub fn find(&self, serial: &str) -> Option<&RevocationEntry> {
        self.entries.get(serial)
    }
}

/// What the list says about a certificate.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct RevocationEntry {
    /// Whether for good.
    pub status: RevocationStatus,
    /// Why, for instance `KEY_COMPROMISE`.
    #[serde(default)]
    pub reason: Option<String>,
    /// A remark.
    #[serde(default)]
    pub comment: Option<String>,
    /// The day on which the certificate itself ends, `YYYY-MM-DD`.
    #[serde(default)]
    pub expires: Option<String>,
}

/// Whether a certificate is no longer trusted for good. Whatever is listed is not trusted.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum RevocationStatus {
    /// For good.
    Revoked,
    /// For the time being.
    Suspended,
    /// A status that this version does not know.
    Other(String),
}

impl From<String> for RevocationStatus {
    fn from(status: String) -> Self {
        match status.as_str() {
            "REVOKED" => Self::Revoked,
            "SUSPENDED" => Self::Suspended,
            _ => Self::Other(status),
        }
    }
}

impl From<RevocationStatus> for String {
    fn from(status: RevocationStatus) -> Self {
        match status {
            RevocationStatus::Revoked => "REVOKED".into(),
            RevocationStatus::Suspended => "SUSPENDED".into(),
            RevocationStatus::Other(other) => other,
        }
    }
}

/// Why a revocation list was not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationError {
    /// Longer than is read.
    #[error("{length} bytes, more than the {MAX_REVOCATION_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not the JSON of a status list.
    #[error("not a status list: line {line}, column {column}")]
    NotList {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}
