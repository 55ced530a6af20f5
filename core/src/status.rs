use std::time::Duration;

use bonafide_protocol::tag::TraceId;

use crate::Failure;
use crate::port::KeyLevel;

/// How the core is doing: what `diagnose` shows. A copy; it does not change.
#[derive(Clone, Debug)]
pub struct CoreStatus {
    /// Counts the configs of this process, from 1.
    pub revision: u64,
    /// The epoch of the config in force.
    pub epoch: u64,
    /// The version of the config in force.
    pub version: u64,
    /// Since the service was last heard of, by the boot clock; `None`: never.
    pub last_contact: Option<Duration>,
    /// Why the last try for a config failed; `None` when it succeeded.
    pub config_failure: Option<Failure>,
    /// Why the last try for a token failed; `None` when it succeeded.
    pub token_failure: Option<Failure>,
    /// Why the last try to send reports failed; `None` when it succeeded.
    pub report_failure: Option<Failure>,
    /// Whether what is learnt survives the process.
    pub storage: StorageState,
    /// What became of the stored record at start.
    pub stored_record: StoredRecord,
    /// How the install key is held; `None` before it has been used.
    pub key_level: Option<KeyLevel>,
    /// The service's clock less the device's at the last contact, in seconds: hours do no harm, and are shown.
    pub clock_offset: Option<i64>,
    /// The id of the development key that this build carries; `None` for a build as it is released.
    pub development_key: Option<String>,
    /// The trace id of the last token request: it stands in the token, in the service's log and in the gateway's.
    pub token_trace: Option<TraceId>,
}

/// Whether what is learnt survives the process. Complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageState {
    /// It does.
    Persistent,
    /// It does not, and protection goes on: the disk is full or read-only.
    MemoryOnly {
        /// What the last write said.
        why: String,
    },
}

/// What became of the stored record at start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredRecord {
    /// There was none.
    Absent,
    /// It is newer than the initial config and was taken.
    Used,
    /// The initial config is as new or newer; nothing is wrong.
    Superseded,
    /// Torn or altered bytes: kept as `.damaged`, the initial config was taken.
    Damaged,
    /// It came from a backup or an earlier install, and was discarded together with its key.
    Restored,
    /// Intact, but it does not chain to the initial config's roots, or is of another account: dropped.
    Untrusted {
        /// Why.
        why: String,
    },
    /// It could not be read.
    Unreadable {
        /// Why.
        why: String,
    },
}
