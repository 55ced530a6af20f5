//! Several real processes write the same records, and one is killed many times while it writes.
//!
//! The processes are this test program itself: a child runs one test, [`worker`], with a folder and a list of versions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use bonafide_protocol::config::Config;
use bonafide_protocol::jwk::KeyList;
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::root::Root;
use bonafide_protocol::trust::{ConfigFile, Trusted, Update};

use super::config::{Merged, load, merge};
use crate::StoredRecord;
use crate::adapter::FileStorage;
use crate::port::{Record, Storage, StorageFailure, StorageLock};
use crate::random;

const WORKER: &str = "store::processes::worker";
const KILLS: u32 = 300;

fn initial() -> Trusted {
    Trusted::from_initial(&file(1)).unwrap()
}

/// The config file of this version. Ed25519 signatures are deterministic: every process makes the same bytes.
fn file(version: u64) -> Vec<u8> {
    let key = Ed25519Key::from_seed([3; 32]).unwrap();
    let keys = || KeyList::new(vec![key.public_key()]);
    let (account, crit) = ("acme".to_owned(), Vec::new());
    let root = Root { format: 1, crit, account, epoch: 1, root_keys: keys(), config_keys: keys() };
    let pin = Pin::from_digest([1; 32]);
    // Many hosts make the record long enough to be torn.
    let hosts: Vec<_> =
        (0..40).map(|number| serde_json::json!({ "host": format!("{number}.acme.com"), "pins": [pin] })).collect();
    let config: Config = serde_json::from_value(serde_json::json!({
        "format": 1, "account": "acme", "epoch": 1, "version": version, "issued_at": 1, "hosts": hosts,
        "service": { "url": "https://service.acme.com", "pins": [pin] },
    }))
    .unwrap();
    ConfigFile { roots: vec![root.sign(&key)], config: config.sign(&key) }.to_bytes()
}

fn held(version: u64) -> Trusted {
    match initial().with_stored(&file(version)).unwrap() {
        Update::Newer(trusted) => *trusted,
        _ => initial(),
    }
}

/// Starts a child that stores the versions `first`, `first + step`, … up to `last`.
fn spawn(folder: &Path, first: u64, step: u64, last: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", WORKER, "--nocapture", "--test-threads=1"])
        // Further filters match no test; the worker reads them.
        .arg(format!("versions={first},{step},{last},{}", folder.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

/// Reads until so many versions have been stored; the last one, or `None` when the child has ended.
fn stored(stdout: &mut BufReader<ChildStdout>, mut count: u64) -> Option<u64> {
    let mut last = None;
    let mut line = String::new();
    while count > 0 && stdout.read_line(&mut line).unwrap() > 0 {
        if let Some(version) = line.trim().strip_prefix("stored ") {
            last = Some(version.parse().unwrap());
            count -= 1;
        }
        line.clear();
    }
    last
}

/// Takes its time between reading and writing, so that others come in between if they can.
struct Dawdling(FileStorage);

impl Storage for Dawdling {
    fn read(&self, record: Record) -> Result<Option<Vec<u8>>, StorageFailure> {
        let bytes = self.0.read(record);
        for _ in 0..random::up_to(100_000) {
            std::hint::spin_loop();
        }
        bytes
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
        self.0.lock(record)
    }

    fn try_lock(&self, record: Record) -> Result<Option<Box<dyn StorageLock>>, StorageFailure> {
        self.0.try_lock(record)
    }
}

/// Merges as soon as it gets the lock: on a busy machine the other process may keep it for longer than it is waited for.
fn merge_in_the_end(storage: &Dawdling, mine: &Trusted) -> Merged {
    let late = |failure: &StorageFailure| failure.why == std::io::ErrorKind::TimedOut.to_string();
    let mut tries = (0..30).map(|_| merge(storage, mine)).skip_while(|merged| merged.as_ref().is_err_and(late));
    tries.next().unwrap().unwrap()
}

/// What a child does; in an ordinary run of the tests nothing.
#[test]
fn worker() {
    let Some(task) = std::env::args().find_map(|arg| arg.strip_prefix("versions=").map(str::to_owned)) else { return };
    let mut parts = task.splitn(4, ',');
    let mut number = || parts.next().unwrap().parse::<usize>().unwrap();
    let (first, step, last) = (number(), number(), number());
    let storage = Dawdling(FileStorage::new(parts.next().unwrap()));
    let mut seen = 0;
    for version in (first..=last).step_by(step) {
        let mine = held(u64::try_from(version).unwrap());
        let now = match merge_in_the_end(&storage, &mine) {
            Merged::Ours => mine.position().1,
            Merged::Newer(stored) => stored.position().1,
        };
        assert!(now >= seen, "{now} after {seen}: another process's newer record was lost");
        seen = now;
        std::io::stdout().write_all(format!("stored {now}\n").as_bytes()).unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_hundreds_of_times_always_leaves_a_good_record() {
    let folder = tempfile::tempdir().unwrap();
    let storage = FileStorage::new(folder.path());
    let mut known = 1;
    for _ in 0..KILLS {
        let (mut child, mut stdout) = spawn(folder.path(), known + 1, 1, known + 100_000);
        let reached = stored(&mut stdout, 1 + random::up_to(3)).unwrap();
        // Not at the moment of a message, but anywhere in a write.
        for _ in 0..random::up_to(2_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (trusted, record) = load(&storage, initial());
        assert_eq!(record, StoredRecord::Used);
        assert!(trusted.position().1 >= reached, "{:?} after {reached} had been stored", trusted.position());
        known = trusted.position().1;
    }
    // The lock of the killed is nobody's.
    drop(storage.lock(Record::Config).unwrap());
}

#[test]
fn two_racing_processes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut odd, mut odd_out) = spawn(folder.path(), 3, 2, 401);
    let (mut even, mut even_out) = spawn(folder.path(), 2, 2, 400);
    // A third one looks on: what it has seen never goes back.
    let storage = FileStorage::new(folder.path());
    let mut seen = 1;
    while seen < 400 && odd.try_wait().unwrap().is_none() {
        let (trusted, record) = load(&storage, initial());
        assert!(matches!(record, StoredRecord::Used | StoredRecord::Absent), "{record:?}");
        assert!(trusted.position().1 >= seen, "{:?} after {seen}", trusted.position());
        seen = trusted.position().1;
    }
    stored(&mut odd_out, u64::MAX);
    stored(&mut even_out, u64::MAX);
    assert!(odd.wait().unwrap().success() && even.wait().unwrap().success());
    let (trusted, record) = load(&FileStorage::new(folder.path()), initial());
    assert_eq!((trusted.position(), record), ((1, 401), StoredRecord::Used));
}
