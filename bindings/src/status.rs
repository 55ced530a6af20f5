//! The core's status, as it crosses.

use bonafide_core::port::KeyLevel;
use bonafide_core::{CoreStatus, Failure, StorageState, StoredRecord};

/// How the core is doing. A copy; it does not change.
#[derive(Clone, Debug, uniffi::Record)]
pub struct NativeStatus {
    /// Counts the configs of this process, from 1.
    pub revision: u64,
    /// The epoch of the config in force.
    pub epoch: u64,
    /// The version of the config in force.
    pub version: u64,
    /// Since the service was last heard of, milliseconds; `None`: never.
    pub last_contact_ms: Option<u64>,
    /// The code of why the last try for a config failed.
    pub config_failure: Option<String>,
    /// The code of why the last try for a token failed.
    pub token_failure: Option<String>,
    /// The code of why the last try to send reports failed.
    pub report_failure: Option<String>,
    /// Why what is learnt does not survive the process; `None` when it does.
    pub memory_only: Option<String>,
    /// What became of the stored record at start.
    pub stored_record: String,
    /// How the install key is held; `None` before it has been used.
    pub key_level: Option<String>,
    /// The id of the development key that this build carries; `None` for a build as it is released.
    pub development_key: Option<String>,
    /// The trace id of the last token request.
    pub token_trace: Option<String>,
}

impl From<CoreStatus> for NativeStatus {
    fn from(status: CoreStatus) -> Self {
        let code = |failure: Option<Failure>| failure.map(|failure| failure.status().code().to_owned());
        Self {
            revision: status.revision,
            epoch: status.epoch,
            version: status.version,
            last_contact_ms: status.last_contact.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            config_failure: code(status.config_failure),
            token_failure: code(status.token_failure),
            report_failure: code(status.report_failure),
            memory_only: match status.storage {
                StorageState::Persistent => None,
                StorageState::MemoryOnly { why } => Some(why),
            },
            stored_record: stored_record(&status.stored_record).to_owned(),
            key_level: status.key_level.map(|level| key_level(level).to_owned()),
            development_key: status.development_key,
            token_trace: status.token_trace.map(String::from),
        }
    }
}

fn stored_record(record: &StoredRecord) -> &'static str {
    match record {
        StoredRecord::Absent => "absent",
        StoredRecord::Used => "used",
        StoredRecord::Superseded => "superseded",
        StoredRecord::Damaged => "damaged",
        StoredRecord::Restored => "restored",
        StoredRecord::Untrusted { .. } => "untrusted",
        StoredRecord::Unreadable { .. } => "unreadable",
        _ => "unknown",
    }
}

fn key_level(level: KeyLevel) -> &'static str {
    match level {
        KeyLevel::Software => "software",
        KeyLevel::Platform => "platform",
        KeyLevel::Hardware => "hardware",
        _ => "unknown",
    }
}
