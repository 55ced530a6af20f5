//! Ports that a test turns by hand.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bonafide_core::adapter::FileStorage;
use bonafide_core::port::{
    Clock, InstallKey, KeyFailure, KeyHandle, KeyLevel, Observer, Record, Storage, StorageFailure, StorageLock,
};
use bonafide_core::protocol::key::P256Key;
use bonafide_core::protocol::verdict::Mismatch;
use bonafide_core::{CoreStatus, Snapshot};
use tokio::sync::watch;

/// A clock that stands still until it is turned.
pub struct FakeClock {
    unix: AtomicU64,
    boot: AtomicU64,
}

impl FakeClock {
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the certificates of the tests are of today")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Self { unix: AtomicU64::new(now), boot: AtomicU64::new(1_000_000) }
    }

    /// Time passes on both clocks.
    pub fn advance(&self, by: Duration) {
        self.unix.fetch_add(by.as_secs(), Ordering::SeqCst);
        self.boot.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// The wall clock is set: forward, or back.
    pub fn set_wall(&self, by_seconds: i64) {
        let now = self.unix.load(Ordering::SeqCst);
        self.unix.store(now.checked_add_signed(by_seconds).unwrap(), Ordering::SeqCst);
    }

    /// The device was restarted: the boot clock begins anew.
    pub fn reboot(&self) {
        self.boot.store(1_000, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn unix_seconds(&self) -> u64 {
        self.unix.load(Ordering::SeqCst)
    }

    fn boot_millis(&self) -> u64 {
        self.boot.load(Ordering::SeqCst)
    }
}

/// Remembers what it was told, and can be waited for.
pub struct Recorder {
    revision: watch::Sender<u64>,
    status: watch::Sender<Option<CoreStatus>>,
    pub mismatches: Mutex<Vec<(String, bool)>>,
}

impl Default for Recorder {
    fn default() -> Self {
        let (revision, status) = (watch::Sender::new(0), watch::Sender::new(None));
        Self { revision, status, mismatches: Mutex::default() }
    }
}

impl Recorder {
    /// Waits for a config of at least this revision.
    pub async fn revision(&self, at_least: u64) {
        let mut revision = self.revision.subscribe();
        tokio::time::timeout(super::LONG, revision.wait_for(|now| *now >= at_least)).await.unwrap().unwrap();
    }

    /// Waits for a status of which this holds.
    pub async fn status(&self, holds: impl Fn(&CoreStatus) -> bool) {
        let mut status = self.status.subscribe();
        let found = status.wait_for(|now| now.as_ref().is_some_and(&holds));
        tokio::time::timeout(super::LONG, found).await.unwrap().unwrap();
    }
}

impl Observer for Recorder {
    fn config_changed(&self, snapshot: &Arc<Snapshot>) {
        self.revision.send_replace(snapshot.revision());
    }

    fn mismatch(&self, mismatch: &Mismatch, enforced: bool) {
        self.mismatches.lock().unwrap().push((mismatch.host.clone(), enforced));
    }

    fn status_changed(&self, status: &CoreStatus) {
        self.status.send_replace(Some(status.clone()));
    }
}

/// Storage that is full or read-only, as long as it is told to be.
pub struct LimitedStorage {
    pub files: FileStorage,
    pub full: AtomicBool,
    pub read_only: AtomicBool,
}

impl LimitedStorage {
    fn writable(&self, action: &'static str, record: Record) -> Result<(), StorageFailure> {
        match (self.full.load(Ordering::SeqCst), self.read_only.load(Ordering::SeqCst)) {
            (true, _) if action == "write" => Err(StorageFailure { action, record, why: "no storage space".into() }),
            (_, true) => Err(StorageFailure { action, record, why: "read-only filesystem or storage medium".into() }),
            _ => Ok(()),
        }
    }
}

impl Storage for LimitedStorage {
    fn read(&self, record: Record) -> Result<Option<Vec<u8>>, StorageFailure> {
        self.files.read(record)
    }

    fn replace(&self, record: Record, bytes: &[u8]) -> Result<(), StorageFailure> {
        self.writable("write", record)?;
        self.files.replace(record, bytes)
    }

    fn set_aside(&self, record: Record) -> Result<(), StorageFailure> {
        self.writable("set aside", record)?;
        self.files.set_aside(record)
    }

    fn remove(&self, record: Record) -> Result<(), StorageFailure> {
        self.writable("remove", record)?;
        self.files.remove(record)
    }

    fn lock(&self, record: Record) -> Result<Box<dyn StorageLock>, StorageFailure> {
        self.writable("lock", record)?;
        self.files.lock(record)
    }

    fn try_lock(&self, record: Record) -> Result<Option<Box<dyn StorageLock>>, StorageFailure> {
        self.writable("lock", record)?;
        self.files.try_lock(record)
    }
}

/// How a [`ScriptedKey`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScript {
    Works,
    Locked,
    LostOnLoad,
    LostOnSign,
}

/// An install key with failures, which counts how often it was made.
pub struct ScriptedKey {
    pub script: Mutex<KeyScript>,
    pub made: AtomicU64,
    pub resets: AtomicU64,
    /// How often it was asked for.
    pub asked: AtomicU64,
    key: Mutex<Option<Arc<P256Key>>>,
}

impl ScriptedKey {
    pub fn new(script: KeyScript) -> Self {
        Self {
            script: Mutex::new(script),
            made: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            key: Mutex::default(),
        }
    }

    pub fn set(&self, script: KeyScript) {
        *self.script.lock().unwrap() = script;
    }
}

impl InstallKey for ScriptedKey {
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match *self.script.lock().unwrap() {
            KeyScript::Locked => return Err(KeyFailure::Unavailable { why: "the device is locked".into() }),
            KeyScript::LostOnLoad => return Err(KeyFailure::Lost { why: "invalidated".into() }),
            KeyScript::Works | KeyScript::LostOnSign => {}
        }
        let mut key = self.key.lock().unwrap();
        let key = key.get_or_insert_with(|| {
            self.made.fetch_add(1, Ordering::SeqCst);
            Arc::new(P256Key::generate().unwrap())
        });
        Ok(KeyHandle { public: key.public_key().unwrap(), level: KeyLevel::Hardware })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        if *self.script.lock().unwrap() == KeyScript::LostOnSign {
            return Err(KeyFailure::Lost { why: "invalidated".into() });
        }
        Ok(self.key.lock().unwrap().as_ref().unwrap().sign(message).unwrap())
    }

    fn reset(&self) -> Result<(), KeyFailure> {
        self.resets.fetch_add(1, Ordering::SeqCst);
        *self.key.lock().unwrap() = None;
        let mut script = self.script.lock().unwrap();
        if matches!(*script, KeyScript::LostOnLoad | KeyScript::LostOnSign) && self.resets.load(Ordering::SeqCst) > 1 {
            *script = KeyScript::Works;
        }
        Ok(())
    }
}
