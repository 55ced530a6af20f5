//! The stored record: the newest documents, verified anew from the embedded root on at each load.

use bonafide_protocol::trust::{ConfigFile, TrustError, Trusted, Update};

use crate::StoredRecord;
use crate::port::{Record, Storage, StorageFailure, StorageLock};
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
    let body = match read(storage) {
        Ok(Content::None) => return (embedded, StoredRecord::Absent),
        Ok(Content::Damaged) => return (embedded, StoredRecord::Damaged),
        Ok(Content::Sound(body)) => body,
        Err(error) => return (embedded, StoredRecord::Unreadable { why: error.to_string() }),
    };
    match embedded.with_stored(&body) {
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
    Ok(match compare(read(storage)?, held) {
        Found::Newer(stored) => Some(stored),
        Found::Same | Found::Other => None,
    })
}

/// Stores `held`, unless what is stored is newer. Safe against other processes that do the same.
pub(crate) fn merge(storage: &dyn Storage, held: &Trusted) -> Result<Merged, StorageFailure> {
    let lock = storage.lock(Record::Config)?;
    match compare(read_locked(storage, &*lock)?, held) {
        Found::Newer(stored) => return Ok(Merged::Newer(stored)),
        Found::Same => return Ok(Merged::Ours),
        Found::Other => {}
    }
    storage.replace(Record::Config, &frame::write(&held.to_file().to_bytes()))?;
    Ok(Merged::Ours)
}

/// What the record holds.
enum Content {
    None,
    /// It was torn or altered, and has been set aside.
    Damaged,
    Sound(Vec<u8>),
}

/// Reads the record. A damaged one is looked at again under the lock before it is set aside: meanwhile another process
/// may have put a sound one in its place.
fn read(storage: &dyn Storage) -> Result<Content, StorageFailure> {
    match storage.read(Record::Config)? {
        None => Ok(Content::None),
        Some(bytes) => match frame::read(&bytes) {
            Ok(body) => Ok(Content::Sound(body.to_vec())),
            Err(_) => read_locked(storage, &*storage.lock(Record::Config)?),
        },
    }
}

/// The same for one who holds the record's lock.
fn read_locked(storage: &dyn Storage, _: &dyn StorageLock) -> Result<Content, StorageFailure> {
    let Some(bytes) = storage.read(Record::Config)? else { return Ok(Content::None) };
    if let Ok(body) = frame::read(&bytes) {
        return Ok(Content::Sound(body.to_vec()));
    }
    tracing::warn!("the stored config is torn or was altered; it is kept as config.damaged");
    if let Err(error) = storage.set_aside(Record::Config) {
        tracing::warn!(%error, "the damaged config could not be set aside");
    }
    Ok(Content::Damaged)
}

enum Found {
    Newer(Box<Trusted>),
    Same,
    /// Nothing, or something that is to be overwritten.
    Other,
}

fn compare(content: Content, held: &Trusted) -> Found {
    let Content::Sound(body) = content else { return Found::Other };
    let Ok(file) = ConfigFile::read(&body) else { return Found::Other };
    if file == held.to_file() {
        return Found::Same;
    }
    match held.update(&file.roots, Some(&file.config)) {
        Ok(Update::Newer(stored)) => Found::Newer(stored),
        Ok(_) | Err(_) => Found::Other,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::adapter::FileStorage;

    /// Another process puts a sound record in the damaged one's place, while this one waits for the lock.
    struct Overtaken(FileStorage);

    impl Storage for Overtaken {
        fn read(&self, record: Record) -> Result<Option<Vec<u8>>, StorageFailure> {
            self.0.read(record)
        }

        fn replace(&self, record: Record, bytes: &[u8]) -> Result<(), StorageFailure> {
            self.0.replace(record, bytes)
        }

        fn set_aside(&self, record: Record) -> Result<(), StorageFailure> {
            self.0.set_aside(record)
        }

        fn remove(&self, record: Record) -> Result<(), StorageFailure> {
            self.0.remove(record)
        }

        fn lock(&self, record: Record) -> Result<Box<dyn StorageLock>, StorageFailure> {
            let lock = self.0.lock(record)?;
            self.0.replace(record, &frame::write(b"sound"))?;
            Ok(lock)
        }

        fn try_lock(&self, record: Record) -> Result<Option<Box<dyn StorageLock>>, StorageFailure> {
            self.0.try_lock(record)
        }
    }

    #[test]
    fn a_damaged_record_is_set_aside_unless_another_process_was_faster() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileStorage::new(folder.path());
        storage.replace(Record::Config, b"torn").unwrap();
        assert!(matches!(read(&storage), Ok(Content::Damaged)));
        assert!(folder.path().join("config.damaged").exists() && !folder.path().join("config").exists());

        let folder = tempfile::tempdir().unwrap();
        let storage = Overtaken(FileStorage::new(folder.path()));
        storage.replace(Record::Config, b"torn").unwrap();
        assert!(matches!(read(&storage), Ok(Content::Sound(body)) if body == b"sound"));
        assert!(!folder.path().join("config.damaged").exists(), "the other's record is not thrown away");
        assert!(folder.path().join("config").exists());
    }
}
