//! The config in force: one atomic snapshot, replaced by what is newer and trusted, and stored.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use bonafide_protocol::message::Documents;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::{Trusted, Update};

use crate::health::Health;
use crate::port::{Observer, Storage, StorageFailure};
use crate::store::config::{self, Merged};
use crate::{Failure, Snapshot};

/// The config in force.
pub(crate) struct Held {
    current: ArcSwap<Snapshot>,
    /// Held while the current snapshot is replaced, and while its successor is stored.
    replacing: Mutex<()>,
    storage: Arc<dyn Storage>,
    observer: Arc<dyn Observer>,
    health: Arc<Health>,
}

impl Held {
    pub(crate) fn new(
        trusted: Trusted,
        storage: Arc<dyn Storage>,
        observer: Arc<dyn Observer>,
        health: Arc<Health>,
    ) -> Self {
        let current = ArcSwap::from_pointee(Snapshot::new(1, trusted));
        Self { current, replacing: Mutex::new(()), storage, observer, health }
    }

    /// The snapshot, for a moment: no counter is touched.
    pub(crate) fn peek(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// The snapshot, to keep.
    pub(crate) fn load(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Takes what the service sent, if it is trusted and newer, and stores it. `Ok(true)` when it was taken.
    /// Blocks on storage.
    pub(crate) fn offer(&self, documents: &Documents) -> Result<bool, Failure> {
        let replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let update = self.peek().trusted().update(&documents.roots, documents.config.as_deref());
        let newer = match update {
            Ok(Update::Newer(newer)) => *newer,
            Ok(_) => return Ok(false),
            Err(error) => {
                tracing::warn!(%error, "the service sent documents that are not trusted");
                return Err(Failure::new(Status::DocumentsRefused).with("reason", &error).because(error));
            }
        };
        let mut taken = vec![self.replace(newer)];
        match config::merge(&*self.storage, self.peek().trusted()) {
            Ok(Merged::Ours) => self.health.stored(Ok(())),
            // Another process has met a newer one in the meantime.
            Ok(Merged::Newer(stored)) => taken.push(self.replace(*stored)),
            Err(error) => self.health.stored(Err(error)),
        }
        drop(replacing);
        for snapshot in taken {
            self.observer.config_changed(&snapshot);
        }
        Ok(true)
    }

    /// Takes what another process of the app has stored, if it is newer. `true` when it was. Blocks on storage.
    pub(crate) fn adopt_stored(&self) -> bool {
        let replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let found: Result<_, StorageFailure> = config::newer(&*self.storage, self.peek().trusted());
        let Ok(Some(stored)) = found else { return false };
        let snapshot = self.replace(*stored);
        drop(replacing);
        self.observer.config_changed(&snapshot);
        true
    }

    fn replace(&self, trusted: Trusted) -> Arc<Snapshot> {
        let snapshot = Arc::new(Snapshot::new(self.peek().revision() + 1, trusted));
        let (epoch, version) = snapshot.trusted().position();
        tracing::info!(epoch, version, revision = snapshot.revision(), "another config is in force");
        self.current.store(Arc::clone(&snapshot));
        snapshot
    }
}
