//! Records as files, safe for several processes of one app.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::port::{Record, Storage, StorageFailure, StorageLock};

/// A record longer than this is not ours.
const MAX_RECORD_BYTES: u64 = 4 * 1024 * 1024;

/// A lock that another process holds is asked for again after this pause, and after twice that, up to the longest: two
/// seconds in all. A write takes milliseconds, a look less.
const FIRST_LOCK_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_LOCK_PAUSE: Duration = Duration::from_millis(5);
const LOCK_TRIES: u32 = 405;

/// One file per record in a folder of the app's own; files have mode 0600.
#[derive(Clone, Debug)]
pub struct FileStorage {
    folder: PathBuf,
    marker_folder: PathBuf,
}

impl FileStorage {
    /// Keeps everything in `folder`, which is made (mode 0700) when it is first written to.
    ///
    /// For a host whose app data no backup restores to another machine; see [`FileStorage::with_marker_in`].
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { marker_folder: folder.clone(), folder }
    }

    /// Keeps the marker in a folder that the platform never backs up (Android's `noBackupFilesDir`), so that records
    /// restored from a backup are recognised.
    pub fn with_marker_in(folder: impl Into<PathBuf>, marker_folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), marker_folder: marker_folder.into() }
    }

    fn folder_of(&self, record: Record) -> &Path {
        if record == Record::Marker { &self.marker_folder } else { &self.folder }
    }

    fn path(&self, record: Record, suffix: &str) -> PathBuf {
        self.folder_of(record).join(format!("{}{suffix}", record.name()))
    }

    fn lock_file(&self, record: Record) -> io::Result<File> {
        make_folder(self.folder_of(record))?;
        private(OpenOptions::new().create(true).truncate(false).write(true)).open(self.path(record, ".lock"))
    }
}

impl Storage for FileStorage {
    fn read(&self, record: Record) -> Result<Option<Vec<u8>>, StorageFailure> {
        optional(read(&self.path(record, ""))).map_err(failed("read", record))
    }

    fn replace(&self, record: Record, bytes: &[u8]) -> Result<(), StorageFailure> {
        let folder = self.folder_of(record);
        let written = make_folder(folder).and_then(|()| {
            // The lock's holder alone writes, but a caller may go without the lock: the name is its own either way.
            let fresh = self.path(record, &format!(".{}.new", std::process::id()));
            write_synced(&fresh, bytes)
                .and_then(|()| fs::rename(&fresh, self.path(record, "")))
                .inspect_err(|_| drop(fs::remove_file(&fresh)))?;
            sync_folder(folder)
        });
        written.map_err(failed("write", record))
    }

    fn set_aside(&self, record: Record) -> Result<(), StorageFailure> {
        let moved = optional(fs::rename(self.path(record, ""), self.path(record, ".damaged")));
        moved.map(drop).map_err(failed("set aside", record))
    }

    fn remove(&self, record: Record) -> Result<(), StorageFailure> {
        optional(fs::remove_file(self.path(record, ""))).map(drop).map_err(failed("remove", record))
    }

    fn lock(&self, record: Record) -> Result<Box<dyn StorageLock>, StorageFailure> {
        let lock = || {
            let file = self.lock_file(record)?;
            lock_in_time(&file)?;
            Ok(Box::new(HeldLock { _file: file }) as Box<dyn StorageLock>)
        };
        lock().map_err(failed("lock", record))
    }

    fn try_lock(&self, record: Record) -> Result<Option<Box<dyn StorageLock>>, StorageFailure> {
        let lock = || {
            let file = self.lock_file(record)?;
            Ok(try_lock(&file)?.then(|| Box::new(HeldLock { _file: file }) as Box<dyn StorageLock>))
        };
        lock().map_err(failed("lock", record))
    }
}

/// Closing the file releases the lock, at the latest when the process ends, whatever ends it.
struct HeldLock {
    _file: File,
}

impl StorageLock for HeldLock {}

/// A process of the app that the system has stopped may hold the lock for as long as it likes: nobody waits for that.
#[expect(
    clippy::disallowed_methods,
    reason = "the storage port may block, and is never called on the runtime's thread"
)]
fn lock_in_time(file: &File) -> io::Result<()> {
    let mut pause = FIRST_LOCK_PAUSE;
    for _ in 0..LOCK_TRIES {
        if try_lock(file)? {
            return Ok(());
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_LOCK_PAUSE);
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "another process of the app holds the lock"))
}

/// By the system call: `File::lock` is not there on every platform that has it.
fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        done => Ok(done.map(|()| true)?),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_RECORD_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(OpenOptions::new().create(true).truncate(true).write(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Without this the rename itself may be lost with the power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failed(action: &'static str, record: Record) -> impl Fn(io::Error) -> StorageFailure {
    // The kind and not the whole text: it may name a path of the user's.
    move |error| StorageFailure { action, record, why: error.kind().to_string() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_record_is_what_was_last_written_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileStorage::new(folder.path().join("deep/er"));
        assert_eq!(storage.read(Record::Config), Ok(None));
        assert_eq!(storage.remove(Record::Config), Ok(()));
        assert_eq!(storage.set_aside(Record::Config), Ok(()));
        storage.replace(Record::Config, b"one").unwrap();
        storage.replace(Record::Config, b"two").unwrap();
        assert_eq!(storage.read(Record::Config), Ok(Some(b"two".to_vec())));
        let file = folder.path().join("deep/er/config");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

        storage.set_aside(Record::Config).unwrap();
        assert_eq!(storage.read(Record::Config), Ok(None));
        assert_eq!(fs::read(folder.path().join("deep/er/config.damaged")).unwrap(), b"two");
    }

    #[test]
    fn a_lock_that_a_stopped_process_holds_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileStorage::new(folder.path());
        let held = storage.lock(Record::Config).unwrap();
        assert!(storage.lock(Record::Config).is_err());
        assert!(matches!(storage.try_lock(Record::Config), Ok(None)));
        drop(held);
        assert!(storage.lock(Record::Config).is_ok());
        // A child that another test has just forked has the lock too, until it is a program of its own.
        #[expect(clippy::disallowed_methods, reason = "the test's own thread waits")]
        let free = (0..LOCK_TRIES * 10).any(|_| {
            std::thread::sleep(FIRST_LOCK_PAUSE);
            matches!(storage.try_lock(Record::Config), Ok(Some(_)))
        });
        assert!(free);
    }

    #[test]
    fn the_marker_lives_apart() {
        let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let storage = FileStorage::with_marker_in(folder.path(), apart.path());
        storage.replace(Record::Marker, b"m").unwrap();
        assert!(apart.path().join("marker").exists());
        assert!(!folder.path().join("marker").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let storage = FileStorage::new(folder.path().join("file/sub"));
        assert_eq!(storage.replace(Record::Config, b"x").unwrap_err().action, "write");
        assert_eq!(storage.lock(Record::Config).err().unwrap().action, "lock");
        assert_eq!(storage.try_lock(Record::Config).err().unwrap().action, "lock");
    }
}
