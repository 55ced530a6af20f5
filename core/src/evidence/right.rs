//! The right to carry evidence. One request at a time has it, of all processes of the app: counters rise, a new key has
//! one predecessor, and the key store has room for one candidate.

use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::measurement::Platform;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::PATIENCE;
use crate::port::{Record, Storage, StorageLock};

/// How often another process's lock is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// Who gives the right.
pub(crate) struct Rights {
    here: Arc<Mutex<()>>,
    /// Where the processes of the app meet; none where one process alone attests.
    meeting: Option<Arc<dyn Storage>>,
    runtime: Handle,
}

/// The right; given back when it is dropped, and by the end of the process, whatever ends it.
pub(crate) struct Right {
    elsewhere: Elsewhere,
    #[expect(dead_code, reason = "held until the turn is over")]
    here: OwnedMutexGuard<()>,
}

/// How it stands with the app's other processes.
enum Elsewhere {
    /// None of them has the right.
    Locked {
        #[expect(dead_code, reason = "held until the turn is over")]
        lock: Box<dyn StorageLock>,
    },
    /// No other ever has it.
    Nobody,
    /// Nothing can be locked on this storage, by nobody.
    Unlockable,
    /// One of them has it, and gave it back at no time: it may be stopped by the system.
    Taken,
}

impl Rights {
    /// On iOS an extension never attests, and the system ends an app that it suspends with a lock in the container that
    /// both share: there nothing is locked for as long as the network may take.
    pub(crate) fn new(storage: Arc<dyn Storage>, platform: Platform, runtime: Handle) -> Self {
        Self { here: Arc::default(), meeting: (platform != Platform::Ios).then_some(storage), runtime }
    }

    /// The right, if nobody has it.
    pub(crate) async fn at_once(&self) -> Option<Right> {
        let here = Arc::clone(&self.here).try_lock_owned().ok()?;
        let right = Right { elsewhere: self.look().await, here };
        right.is_ours_alone().then_some(right)
    }

    /// Waits for it. Of this process's requests one has it at most; while another process keeps it for so long, it is
    /// given for what does no harm ([`Right::is_ours_alone`]).
    pub(crate) async fn in_time(&self) -> Option<Right> {
        let here = tokio::time::timeout(PATIENCE, Arc::clone(&self.here).lock_owned()).await.ok()?;
        let locked = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.look().await {
                    Elsewhere::Taken => tokio::time::sleep(PAUSE).await,
                    found => break found,
                }
            }
        });
        Some(Right { elsewhere: locked.await.unwrap_or(Elsewhere::Taken), here })
    }

    async fn look(&self) -> Elsewhere {
        let Some(storage) = self.meeting.clone() else { return Elsewhere::Nobody };
        let tried = self.runtime.spawn_blocking(move || storage.try_lock(Record::EvidenceTurn)).await;
        match tried {
            Ok(Ok(Some(lock))) => Elsewhere::Locked { lock },
            Ok(Ok(None)) => Elsewhere::Taken,
            Ok(Err(_)) | Err(_) => Elsewhere::Unlockable,
        }
    }
}

impl Right {
    /// Whether no other process of the app carries evidence now.
    pub(crate) fn is_ours_alone(&self) -> bool {
        !matches!(self.elsewhere, Elsewhere::Taken)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::adapter::FileStorage;

    #[tokio::test]
    async fn on_ios_nothing_is_locked_while_evidence_is_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(folder.path()));
        let rights = |platform| Rights::new(Arc::clone(&storage), platform, Handle::current());
        let (ios, android) = (rights(Platform::Ios), rights(Platform::Android));
        let right = ios.at_once().await.unwrap();
        assert!(right.is_ours_alone());
        assert!(ios.at_once().await.is_none(), "two requests of one process");
        // Nothing is held that another process would meet.
        assert!(storage.try_lock(Record::EvidenceTurn).unwrap().is_some());
        drop(right);
        // Waits, since a child that another test has just forked has that lock too, until it is a program of its own.
        let right = android.in_time().await.unwrap();
        assert!(right.is_ours_alone());
        assert!(storage.try_lock(Record::EvidenceTurn).unwrap().is_none());
    }
}
