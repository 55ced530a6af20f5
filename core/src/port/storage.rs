use thiserror::Error;

/// The records that the core keeps. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Record {
    /// The newest verified documents.
    Config,
    /// The software install key, where there is no hardware. Secret.
    InstallKey,
    /// The installation's id, and which marker the records belong to.
    Installation,
    /// Mismatch reports that wait to be sent.
    Reports,
    /// When the service was last heard of.
    Contact,
    /// When platform evidence was sent last, and when the service wants it anew.
    Evidence,
    /// Never written. Its lock is the right to carry evidence, which one process of the app has at a time.
    EvidenceTurn,
    /// Stays on the device: never in a backup. Where it differs from [`Record::Installation`], the records came from
    /// a backup or an earlier install, and are discarded.
    Marker,
}

impl Record {
    /// Every record.
    pub const ALL: &'static [Self] = &[
        Self::Config,
        Self::InstallKey,
        Self::Installation,
        Self::Reports,
        Self::Contact,
        Self::Evidence,
        Self::EvidenceTurn,
        Self::Marker,
    ];

    /// The record's name: letters, digits, `.` and `-`; fit for a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InstallKey => "install-key",
            Self::Installation => "installation",
            Self::Reports => "reports",
            Self::Contact => "contact",
            Self::Evidence => "evidence",
            Self::EvidenceTurn => "evidence-turn",
            Self::Marker => "marker",
        }
    }
}

/// Why a record could not be read or written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot {action} the record {:?}: {why}", record.name())]
pub struct StorageFailure {
    /// `read`, `write`, `lock`, `set aside` or `remove`.
    pub action: &'static str,
    /// Which record.
    pub record: Record,
    /// The platform's reason.
    pub why: String,
}

/// A lock across the processes of one app; dropped, it is released.
pub trait StorageLock: Send {}

/// A few small named records. Fast enough to be read during start; may block.
pub trait Storage: Send + Sync {
    /// The record's bytes, as last written; `None` when there is none.
    fn read(&self, record: Record) -> Result<Option<Vec<u8>>, StorageFailure>;

    /// Replaces the record: a reader and a machine that loses power find the old bytes or the new ones, never a mix.
    fn replace(&self, record: Record, bytes: &[u8]) -> Result<(), StorageFailure>;

    /// Keeps the record's bytes for a later look (`NAME.damaged`, one of them), and has it gone. Fine if there is none.
    fn set_aside(&self, record: Record) -> Result<(), StorageFailure>;

    /// Removes the record. Fine if there is none.
    fn remove(&self, record: Record) -> Result<(), StorageFailure>;

    /// Waits until no other process and thread holds this record's lock, and takes it.
    fn lock(&self, record: Record) -> Result<Box<dyn StorageLock>, StorageFailure>;

    /// Takes this record's lock, or says at once, with `None`, that another process or thread holds it.
    fn try_lock(&self, record: Record) -> Result<Option<Box<dyn StorageLock>>, StorageFailure>;
}
