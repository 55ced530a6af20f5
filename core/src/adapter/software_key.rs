use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bonafide_protocol::key::{KeyError, P256Key};

use crate::port::{InstallKey, KeyFailure, KeyHandle, KeyLevel, Record, Storage, StorageFailure};
use crate::store::frame;

/// An install key in a record of the app's own: for desktop hosts, which hold no key in hardware.
///
/// Where the storage cannot be written to, the key lives as long as the process.
pub struct SoftwareKey {
    storage: Arc<dyn Storage>,
    held: Mutex<Option<Arc<P256Key>>>,
}

impl SoftwareKey {
    /// Keeps the key in `storage`.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, held: Mutex::new(None) }
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<P256Key>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load_or_make(&self) -> Result<Arc<P256Key>, KeyFailure> {
        // Another process may make its key at the same time. Without a lock the folder is not ours to write to.
        let Ok(_lock) = self.storage.lock(Record::InstallKey) else { return self.load_or_make_in_memory() };
        if let Some(key) = self.load()? {
            return Ok(key);
        }
        let key = P256Key::generate().map_err(|error| failed(&error))?;
        if let Err(error) = self.storage.replace(Record::InstallKey, &frame::write(key.to_pkcs8())) {
            tracing::warn!(%error, "the install key will be lost with the process");
        }
        Ok(Arc::new(key))
    }

    /// On read-only storage an existing key is still good.
    fn load_or_make_in_memory(&self) -> Result<Arc<P256Key>, KeyFailure> {
        match self.load()? {
            Some(key) => Ok(key),
            None => P256Key::generate().map(Arc::new).map_err(|error| failed(&error)),
        }
    }

    /// `None` without a key, and for a damaged one, which is kept aside: it can never be read again.
    fn load(&self) -> Result<Option<Arc<P256Key>>, KeyFailure> {
        let Some(bytes) = self.storage.read(Record::InstallKey).map_err(unavailable)? else { return Ok(None) };
        let key = frame::read(&bytes).ok().and_then(|der| P256Key::from_pkcs8(der).ok());
        if key.is_none() {
            tracing::warn!("the install key's record is damaged: a new key is made");
            drop(self.storage.set_aside(Record::InstallKey));
        }
        Ok(key.map(Arc::new))
    }
}

impl InstallKey for SoftwareKey {
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure> {
        let mut held = self.held();
        let key = match &*held {
            Some(key) => Arc::clone(key),
            None => self.load_or_make()?,
        };
        *held = Some(Arc::clone(&key));
        let public = key.public_key().map_err(|error| failed(&error))?;
        Ok(KeyHandle { public, level: KeyLevel::Software })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let key = self.held().clone();
        let key = key.ok_or_else(|| KeyFailure::Failed { why: "the key was not loaded before".into() })?;
        key.sign(message).map_err(|error| failed(&error))
    }

    fn reset(&self) -> Result<(), KeyFailure> {
        let mut held = self.held();
        *held = None;
        // A key that was never written down is gone by now.
        let Ok(_lock) = self.storage.lock(Record::InstallKey) else { return Ok(()) };
        self.storage.remove(Record::InstallKey).map_err(unavailable)
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareKey")
    }
}

/// What cannot be read now is not lost.
fn unavailable(error: StorageFailure) -> KeyFailure {
    KeyFailure::Unavailable { why: error.why }
}

fn failed(error: &KeyError) -> KeyFailure {
    KeyFailure::Failed { why: error.to_string() }
}
