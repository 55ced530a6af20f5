//! What survives the process.

pub(crate) mod config;
pub(crate) mod contact;
pub(crate) mod frame;
pub(crate) mod installation;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod processes;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::port::{Record, Storage, StorageFailure};

/// A record's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content<T> {
    /// There is none.
    Absent,
    /// As it was written.
    Intact(T),
    /// Torn, altered, or of a later version.
    Damaged,
}

/// Reads a record of JSON.
pub(crate) fn read<T: DeserializeOwned>(storage: &dyn Storage, record: Record) -> Result<Content<T>, StorageFailure> {
    let Some(bytes) = storage.read(record)? else { return Ok(Content::Absent) };
    let value = frame::read(&bytes).ok().and_then(|body| serde_json::from_slice(body).ok());
    Ok(value.map_or(Content::Damaged, Content::Intact))
}

/// Writes a record of JSON.
pub(crate) fn write<T: Serialize>(storage: &dyn Storage, record: Record, value: &T) -> Result<(), StorageFailure> {
    // Strings and numbers always serialise.
    storage.replace(record, &frame::write(&serde_json::to_vec(value).unwrap_or_default()))
}
