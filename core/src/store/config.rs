//! The stored record: the newest documents, verified anew from the embedded root on at each load.

use bonafide_protocol::trust::{ConfigFile, TrustError, Trusted, Update};

use crate::StoredRecord;
use crate::port::{Record, Storage, StorageFailure};
use crate::store::frame;

/// What a write found in the file.
#[derive(Debug)]
pub(crate) enum Merged {
    /// Ours is in the file now, or was before.
    Ours,
    /// Another process has stored something newer: this is to be held from now on.
    Newer(Box<Trusted>),
}

/// The embedded state, or the stored one if it is newer and chains to it. Never fails: the initial config is enough.
pub(crate) fn load(storage: &dyn Storage, embedded: Trusted) -> (Trusted, StoredRecord) {
    let bytes = match storage.read(Record::Config) {
        Ok(None) => return (embedded, StoredRecord::Absent),
        Err(error) => return (embedded, StoredRecord::Unreadable { why: error.to_string() }),
        Ok(Some(bytes)) => bytes,
    };
    let Ok(body) = frame::read(&bytes) else {
        set_aside(storage);
        return (embedded, StoredRecord::Damaged);
    };
    match embedded.with_stored(body) {
        Ok(Update::Newer(stored)) => (*stored, StoredRecord::Used),
        // An app update brought a config that is as new, or newer.
        Ok(_) | Err(TrustError::Rollback { .. }) => (embedded, StoredRecord::Superseded),
        Err(error) => {
            tracing::warn!(%error, "the stored config does not chain to the initial config and is dropped");
            if let Err(error) = storage.remove(Record::Config) {
                tracing::warn!(%error, "the dropped config could not be removed");
            }
            (embedded, StoredRecord::Untrusted { why: error.to_string() })
        }
    }
}

/// What is stored, if it is newer than `held`: another process may have written it.
pub(crate) fn newer(storage: &dyn Storage, held: &Trusted) -> Result<Option<Box<Trusted>>, StorageFailure> {
    Ok(match look(storage, held)? {
        Found::Newer(stored) => Some(stored),
        Found::Same | Found::Other => None,
    })
}

/// Stores `held`, unless what is stored is newer. Safe against other processes that do the same.
pub(crate) fn merge(storage: &dyn Storage, held: &Trusted) -> Result<Merged, StorageFailure> {
    let _lock = storage.lock(Record::Config)?;
    match look(storage, held)? {
        Found::Newer(stored) => return Ok(Merged::Newer(stored)),
        Found::Same => return Ok(Merged::Ours),
        Found::Other => {}
    }
    storage.replace(Record::Config, &frame::write(&held.to_file().to_bytes()))?;
    Ok(Merged::Ours)
}

enum Found {
    Newer(Box<Trusted>),
    Same,
    /// Nothing, or something that is to be overwritten.
    Other,
}

fn look(storage: &dyn Storage, held: &Trusted) -> Result<Found, StorageFailure> {
    let Some(bytes) = storage.read(Record::Config)? else { return Ok(Found::Other) };
    let Ok(body) = frame::read(&bytes) else {
        set_aside(storage);
        return Ok(Found::Other);
    };
    let Ok(file) = ConfigFile::read(body) else { return Ok(Found::Other) };
    if file == held.to_file() {
        return Ok(Found::Same);
    }
    Ok(match held.update(&file.roots, Some(&file.config)) {
        Ok(Update::Newer(stored)) => Found::Newer(stored),
        Ok(_) | Err(_) => Found::Other,
    })
}

fn set_aside(storage: &dyn Storage) {
    tracing::warn!("the stored config is torn or was altered; it is kept as config.damaged");
    if let Err(error) = storage.set_aside(Record::Config) {
        tracing::warn!(%error, "the damaged config could not be set aside");
    }
}
