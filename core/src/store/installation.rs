//! Whether the records belong to this install on this device, and the id that the service gave it.
//!
//! The marker is never backed up. Records without it, or with another one, came from a backup or from an earlier
//! install; they are discarded together with the key, which then is another device's or an uninstalled app's.

use serde::{Deserialize, Serialize};

use crate::port::{InstallKey, KeyFailure, Record, Storage, StorageFailure};
use crate::random;
use crate::store::{self, Content};

/// The content of [`Record::Installation`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installation {
    /// What [`Record::Marker`] has to hold.
    marker: String,
    /// The install key is not this install's and has to go before it is used.
    key_reset_due: bool,
    /// The id that the service gave, and the thumbprint of the key that it gave it to.
    #[serde(default)]
    id: Option<(String, String)>,
}

/// What [`claim`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The installation's id as stored.
    pub(crate) id: Option<String>,
    /// The records were another install's: they are to be ignored even if they could not be removed.
    pub(crate) restored: bool,
    /// Why nothing could be written.
    pub(crate) failure: Option<StorageFailure>,
}

/// Makes sure that the records are this install's; discards them otherwise.
pub(crate) fn claim(storage: &dyn Storage) -> Claim {
    // Without a lock there is no writing either, but what is there can still be read.
    let (lock, locking) = match storage.lock(Record::Installation) {
        Ok(lock) => (Some(lock), None),
        Err(failure) => (None, Some(failure)),
    };
    let found = look(storage);
    let claim = match found {
        Err(failure) => Claim { id: None, restored: false, failure: Some(failure) },
        Ok(Ownership::Ours(installation)) => {
            Claim { id: installation.id.map(|(id, _)| id), restored: false, failure: locking }
        }
        Ok(Ownership::Repair(installation)) => {
            let failure = locking.or_else(|| write(storage, &installation).err());
            Claim { id: installation.id.map(|(id, _)| id), restored: false, failure }
        }
        Ok(Ownership::Nobodys { restored }) => {
            let failure = locking.or_else(|| begin(storage).err());
            Claim { id: None, restored, failure }
        }
    };
    drop(lock);
    claim
}

/// Removes the key if it is not this install's. Called before the key's first use; another process may do so too.
pub(crate) fn reset_foreign_key(storage: &dyn Storage, key: &dyn InstallKey) -> Result<(), KeyFailure> {
    // Nothing is locked for a look: iOS ends an app that it suspends with a lock in a group's container.
    let due = |found: &_| matches!(found, Ok(Content::Intact(Installation { key_reset_due: true, .. })));
    if !due(&store::read::<Installation>(storage, Record::Installation)) {
        return Ok(());
    }
    // Where nothing can be locked, nothing was begun either.
    let Ok(_lock) = storage.lock(Record::Installation) else { return Ok(()) };
    let Ok(Content::Intact(mut installation)) = store::read::<Installation>(storage, Record::Installation) else {
        return Ok(());
    };
    if installation.key_reset_due {
        key.reset()?;
        installation.key_reset_due = false;
        if let Err(error) = store::write(storage, Record::Installation, &installation) {
            tracing::warn!(%error, "the install key will be made anew at the next start");
        }
    }
    Ok(())
}

/// Stores the id that the service gave to the key with this thumbprint.
pub(crate) fn save_id(storage: &dyn Storage, id: &str, thumbprint: &str) -> Result<(), StorageFailure> {
    let _lock = storage.lock(Record::Installation)?;
    let Content::Intact(mut installation) = store::read::<Installation>(storage, Record::Installation)? else {
        return Ok(());
    };
    let id = Some((id.to_owned(), thumbprint.to_owned()));
    if installation.id == id {
        return Ok(());
    }
    installation.id = id;
    store::write(storage, Record::Installation, &installation)
}

enum Ownership {
    /// Marker and record agree.
    Ours(Installation),
    /// One of the two is damaged, the other says that it is ours.
    Repair(Installation),
    /// A first start, or (`restored`) somebody else's records.
    Nobodys { restored: bool },
}

fn look(storage: &dyn Storage) -> Result<Ownership, StorageFailure> {
    let marker = store::read::<String>(storage, Record::Marker)?;
    let installation = store::read::<Installation>(storage, Record::Installation)?;
    for (record, damaged) in [
        (Record::Marker, matches!(marker, Content::Damaged)),
        (Record::Installation, matches!(installation, Content::Damaged)),
    ] {
        if damaged {
            tracing::warn!(record = record.name(), "a record is torn or was altered; it is set aside");
            drop(storage.set_aside(record));
        }
    }
    Ok(match (marker, installation) {
        (Content::Intact(marker), Content::Intact(ours)) if ours.marker == marker => Ownership::Ours(ours),
        (Content::Intact(marker), Content::Damaged) => {
            Ownership::Repair(Installation { marker, ..Installation::default() })
        }
        (Content::Damaged, Content::Intact(ours)) => Ownership::Repair(ours),
        (marker, installation) => {
            let others = [Record::Config, Record::Reports, Record::Contact, Record::Evidence, Record::InstallKey];
            let mut restored = !matches!(installation, Content::Absent) || matches!(marker, Content::Damaged);
            for record in others {
                restored |= storage.read(record)?.is_some();
            }
            Ownership::Nobodys { restored }
        }
    })
}

/// Discards what is there, and writes a new pair, the marker last: until then the next start begins anew.
fn begin(storage: &dyn Storage) -> Result<(), StorageFailure> {
    for record in [Record::Config, Record::Reports, Record::Contact, Record::Evidence] {
        storage.remove(record)?;
    }
    let no_randomness =
        StorageFailure { action: "write", record: Record::Marker, why: "the system's random source failed".into() };
    let marker = random::id().ok_or(no_randomness)?;
    write(storage, &Installation { marker, key_reset_due: true, id: None })
}

fn write(storage: &dyn Storage, installation: &Installation) -> Result<(), StorageFailure> {
    store::write(storage, Record::Installation, installation)?;
    store::write(storage, Record::Marker, &installation.marker)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::adapter::{FileStorage, SoftwareKey};

    #[test]
    fn the_form_is_frozen() {
        let id = Some(("id".to_owned(), "thumbprint".to_owned()));
        let installation = Installation { marker: "m".into(), key_reset_due: true, id };
        let json = r#"{"marker":"m","key_reset_due":true,"id":["id","thumbprint"]}"#;
        assert_eq!(serde_json::to_string(&installation).unwrap(), json);
        assert_eq!(serde_json::from_str::<Installation>(json).unwrap(), installation);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what would wait for a lock waits elsewhere")]
    fn a_key_that_is_ours_is_left_alone_without_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Arc::new(FileStorage::new(folder.path()));
        claim(&*storage);
        let key = Arc::new(SoftwareKey::new(storage.clone()));
        let before = key.load_or_create().unwrap();
        reset_foreign_key(&*storage, &*key).unwrap();
        let after = key.load_or_create().unwrap();
        assert_ne!(before.public, after.public, "the first start's was nobody's");
        // Another process writes, or was stopped by the system while it did.
        let _lock = storage.lock(Record::Installation).unwrap();
        let (ended, end) = std::sync::mpsc::channel();
        let (theirs, its) = (Arc::clone(&storage), Arc::clone(&key));
        std::thread::spawn(move || ended.send(reset_foreign_key(&*theirs, &*its).is_ok()));
        assert_eq!(end.recv_timeout(Duration::from_secs(60)), Ok(true), "it waits for the lock");
        assert_eq!(key.load_or_create().unwrap().public, after.public);
    }

    #[test]
    fn one_damaged_half_is_repaired_and_nothing_is_discarded() {
        for damaged in [Record::Marker, Record::Installation] {
            let folder = tempfile::tempdir().unwrap();
            let storage = FileStorage::new(folder.path());
            assert_eq!(claim(&storage), Claim { id: None, restored: false, failure: None });
            storage.replace(Record::Config, b"kept").unwrap();
            storage.replace(damaged, b"rubbish").unwrap();
            assert!(!claim(&storage).restored, "{damaged:?}");
            assert_eq!(storage.read(Record::Config).unwrap().unwrap(), b"kept", "{damaged:?}");
            let marker = store::read::<String>(&storage, Record::Marker).unwrap();
            let installation = store::read::<Installation>(&storage, Record::Installation).unwrap();
            assert!(matches!((marker, installation), (Content::Intact(a), Content::Intact(b)) if a == b.marker));
        }
    }
}
