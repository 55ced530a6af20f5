//! What the core measures: the app's files, code in memory, the process, and what it runs on. Facts only; a probe that
//! cannot run says so.
//!
//! Quick probes run before each token request, on the blocking pool. Slow ones run beside it and enter the next.

mod agents;
mod android;
mod artifact;
mod code;
#[cfg(test)]
mod described;
mod image;
mod installed;
mod ios;
mod loaded;
mod maps;
mod part;
mod preload;
mod probes;
pub mod readers;
mod reading;
mod redirect;
mod servers;
mod threads;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bonafide_protocol::measurement::{App, Artifact, DeviceFacts, Fact, Measurement};
use bonafide_protocol::packages::Packages;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::port::{Files, Ports};
use probes::{Probes, Slow};

/// How long a token request waits for the app's files and packages to be digested; what takes longer enters the next
/// token.
const PATIENCE: Duration = Duration::from_secs(2);

/// Measures in the background, from [`Measurer::begin`] on.
pub struct Measurer {
    files: Arc<dyn Files>,
    probes: Arc<Probes>,
    slow: Arc<Background>,
    runtime: Handle,
    paths: Vec<PathBuf>,
    digests: Arc<Digests>,
}

/// The app's files.
struct Digests {
    /// `None` before the first measurement has ended.
    measured: watch::Sender<Option<Vec<Artifact>>>,
    /// Set while they are measured, and for good once all are known.
    settled: AtomicBool,
}

/// What the slow probes found last.
struct Background {
    /// `None` before the first run has ended.
    found: watch::Sender<Option<Slow>>,
    running: AtomicBool,
}

impl Measurer {
    /// One that measures this process, and these files of the app.
    pub fn new(ports: &Ports, app: &App, artifacts: Vec<PathBuf>, runtime: Handle) -> Self {
        Self {
            files: Arc::clone(&ports.files),
            probes: Arc::new(Probes::new(ports, app)),
            slow: Arc::new(Background { found: watch::channel(None).0, running: AtomicBool::new(false) }),
            runtime,
            paths: artifacts,
            digests: Arc::new(Digests { measured: watch::channel(None).0, settled: AtomicBool::new(false) }),
        }
    }

    /// Digests the app's files and runs the slow probes, on the blocking pool; the first call only, and later ones for
    /// files that could not be read then: one busy moment at launch must not cost every token of the process.
    pub fn begin(&self) {
        if self.digests.settled.swap(true, Ordering::AcqRel) {
            return;
        }
        let unmeasured = self.unknown("the measurement did not run");
        let (files, paths, digests) = (Arc::clone(&self.files), self.paths.clone(), Arc::clone(&self.digests));
        drop(self.runtime.spawn_blocking(move || {
            let before = digests.measured.borrow().clone();
            // Told also when a port panics: nobody waits for what does not come.
            let mut telling = Telling { digests: &digests, result: before.clone().unwrap_or(unmeasured) };
            let known = |place: usize| before.as_ref().and_then(|all| all.get(place)).filter(|file| is_known(file));
            let measure = |(place, path): (usize, &PathBuf)| {
                known(place).cloned().unwrap_or_else(|| artifact::measure(&*files, path))
            };
            telling.result = paths.iter().enumerate().map(measure).collect();
        }));
        self.begin_slow();
    }

    /// The facts for a token request. What may change is looked at each time: hooks come late.
    pub async fn measurement(&self) -> Measurement {
        self.begin();
        let probes = Arc::clone(&self.probes);
        let quick = self.runtime.spawn_blocking(move || probes.quick()).await;
        let (digested, slow) = tokio::join!(self.digested(), self.found());
        let (mut code, mut device) =
            quick.unwrap_or_else(|_| (vec![code::unmeasured()], DeviceFacts::unknown("the probes did not end")));
        code.extend(slow.code);
        device.agent_servers = slow.agent_servers;
        self.begin_slow();
        let unmeasured = || Packages::unknown("still being measured");
        let packages = self.probes.has_packages().then(|| slow.packages.unwrap_or_else(unmeasured));
        Measurement { artifacts: digested, code, device: Some(device), packages }
    }

    /// What the slow probes found last: waited for, within bounds, where the app cannot be known without it.
    async fn found(&self) -> Slow {
        let mut found = self.slow.found.subscribe();
        if self.probes.has_packages() {
            let _ = tokio::time::timeout(PATIENCE, found.wait_for(Option::is_some)).await;
        }
        let found = found.borrow().clone();
        found.unwrap_or_default()
    }

    /// The digests of the app's files, waited for within bounds.
    async fn digested(&self) -> Vec<Artifact> {
        self.begin();
        let mut artifacts = self.digests.measured.subscribe();
        let digested = tokio::time::timeout(PATIENCE, artifacts.wait_for(Option::is_some)).await;
        match digested {
            Ok(Ok(digested)) => digested.clone().unwrap_or_default(),
            Ok(Err(_)) => self.unknown("the measurement did not run"),
            Err(_) => self.unknown("still being measured"),
        }
    }

    /// One run at a time: a device that is asked often is not kept busy with it.
    fn begin_slow(&self) {
        if self.slow.running.swap(true, Ordering::AcqRel) {
            return;
        }
        let (probes, slow) = (Arc::clone(&self.probes), Arc::clone(&self.slow));
        drop(self.runtime.spawn_blocking(move || {
            // Also when a probe panics, the next request finds the door open, and nobody waits for what does not come.
            let _door = Door(&slow);
            // The first measurement waits for the app's code, and not for what runs beside it.
            let tell = |first: &Slow| {
                slow.found.send_if_modified(|found| {
                    let is_first = found.is_none() && first.packages.is_some();
                    if is_first {
                        *found = Some(first.clone());
                    }
                    is_first
                });
            };
            let found = probes.slow(tell);
            slow.found.send_replace(Some(found));
        }));
    }

    fn unknown(&self, why: &str) -> Vec<Artifact> {
        let unknown = |path: &PathBuf| Artifact { name: artifact::name(path), sha256: Fact::Unknown(why.into()) };
        self.paths.iter().map(unknown).collect()
    }
}

/// Whether the measurement misses a file or the packages of the app, which the next one may know.
pub(crate) fn is_incomplete(measurement: &Measurement) -> bool {
    let packages = measurement.packages.as_ref();
    !measurement.artifacts.iter().all(is_known)
        || packages.is_some_and(|packages| matches!(packages.files, Fact::Unknown(_)))
}

fn is_known(file: &Artifact) -> bool {
    matches!(file.sha256, Fact::Known(_))
}

struct Telling<'a> {
    digests: &'a Digests,
    result: Vec<Artifact>,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let complete = self.result.iter().all(is_known);
        self.digests.measured.send_replace(Some(std::mem::take(&mut self.result)));
        self.digests.settled.store(complete, Ordering::Release);
    }
}

struct Door<'a>(&'a Background);

impl Drop for Door<'_> {
    fn drop(&mut self) {
        self.0.found.send_if_modified(|found| {
            let missing = found.is_none();
            found.get_or_insert_default();
            missing
        });
        self.0.running.store(false, Ordering::Release);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::collections::HashSet;
    use std::io;
    use std::path::Path;
    use std::sync::Mutex;
    use std::thread::ThreadId;

    use bonafide_protocol::measurement::{Platform, Traces};

    use super::*;
    use crate::adapter::{FileStorage, StdFiles};
    use crate::port::{FileReader, Processes};

    /// Which threads have opened a file.
    #[derive(Default)]
    struct Watched(Mutex<HashSet<ThreadId>>);

    impl Files for Watched {
        fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
            self.0.lock().unwrap().insert(std::thread::current().id());
            StdFiles.open(path)
        }

        fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
            StdFiles.list(folder)
        }
    }

    struct Panicking;

    impl Files for Panicking {
        fn open(&self, _path: &Path) -> io::Result<Box<dyn FileReader>> {
            panic!("as no port should")
        }

        fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
            panic!("as no port should")
        }
    }

    fn measurer(files: Arc<dyn Files>) -> Measurer {
        let mut ports = Ports::desktop(Arc::new(FileStorage::new("/nonexistent")));
        ports.files = files;
        let app = App { platform: Platform::Linux, id: "app".into(), version: "1".into(), build: String::new() };
        Measurer::new(&ports, &app, vec!["/proc/self/exe".into()], Handle::current())
    }

    #[tokio::test]
    async fn no_probe_runs_on_the_callers_thread() {
        let files = Arc::new(Watched::default());
        let measurer = measurer(files.clone());
        measurer.measurement().await;
        let threads = files.0.lock().unwrap().clone();
        assert!(!threads.is_empty() && !threads.contains(&std::thread::current().id()));
    }

    /// The first file that is opened under the app's name cannot be read.
    struct BusyOnce(AtomicBool);

    impl Files for BusyOnce {
        fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
            if path == Path::new("/proc/self/exe") && !self.0.swap(true, Ordering::AcqRel) {
                return Err(io::ErrorKind::ResourceBusy.into());
            }
            StdFiles.open(path)
        }

        fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
            StdFiles.list(folder)
        }
    }

    #[tokio::test]
    async fn a_file_that_could_not_be_read_is_measured_again() {
        let mut ports = Ports::desktop(Arc::new(FileStorage::new("/nonexistent")));
        ports.files = Arc::new(BusyOnce(AtomicBool::new(false)));
        // No executable's code is looked at before: its file is the app's here.
        let app = App { platform: Platform::Linux, id: "app".into(), version: "1".into(), build: String::new() };
        let measurer = Measurer::new(&ports, &app, vec!["/proc/self/exe".into()], Handle::current());
        let first = measurer.digested().await;
        assert!(matches!(&*first, [file] if matches!(file.sha256, Fact::Unknown(_))), "{first:?}");
        let known = async {
            while !measurer.digested().await.iter().all(is_known) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), known).await.unwrap();
        assert!(measurer.digests.settled.load(Ordering::Acquire), "known for good");
    }

    #[tokio::test]
    async fn what_is_slow_enters_a_later_measurement() {
        let measurer = measurer(Arc::new(StdFiles));
        let servers = async || measurer.measurement().await.device.unwrap().agent_servers;
        let known = async {
            while let Traces::Unknown(why) = servers().await {
                assert_eq!(why, "still being looked for");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), known).await.unwrap();
    }

    /// Programs cannot be listed before somebody opens.
    struct Gated(Mutex<std::sync::mpsc::Receiver<()>>);

    impl Processes for Gated {
        fn names(&self) -> io::Result<Vec<String>> {
            let _ = self.0.lock().unwrap().recv();
            Ok(Vec::new())
        }

        fn is_traced(&self) -> io::Result<bool> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// A phone that is slow.
    #[tokio::test]
    async fn what_runs_beside_the_app_is_not_waited_for() {
        let (open, gate) = std::sync::mpsc::channel();
        let ports = Ports {
            processes: Arc::new(Gated(Mutex::new(gate))),
            ..Ports::desktop(Arc::new(FileStorage::new("/nonexistent")))
        };
        let app = App { platform: Platform::Android, id: "app".into(), version: "1".into(), build: String::new() };
        let measurer = Measurer::new(&ports, &app, Vec::new(), Handle::current());
        // This process is no installed app, which is what is told of it.
        let told = async {
            loop {
                let packages = measurer.measurement().await.packages.unwrap();
                if packages.files != Packages::unknown("still being measured").files {
                    return packages;
                }
            }
        };
        let packages = tokio::time::timeout(Duration::from_secs(60), told).await.unwrap();
        assert!(matches!(packages.files, Fact::Unknown(_)), "{packages:?}");
        drop(open);
    }

    #[tokio::test]
    async fn a_probe_that_panics_is_unknown_and_the_next_one_runs() {
        let measurer = measurer(Arc::new(Panicking));
        for _ in 0..3 {
            let measurement = measurer.measurement().await;
            assert_eq!(measurement.device.unwrap().debuggers, Traces::Unknown("the probes did not end".into()));
            assert!(matches!(&*measurement.code, [code] if matches!(code.memory, Fact::Unknown(_))));
            assert!(matches!(&*measurement.artifacts, [file] if matches!(file.sha256, Fact::Unknown(_))));
        }
        let open = async {
            while measurer.slow.running.load(Ordering::Acquire) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), open).await.unwrap();
    }
}
