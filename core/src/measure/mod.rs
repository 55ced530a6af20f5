//! What the core measures: the app's files, and its own code in memory. Facts only; a probe that cannot run says so.

mod artifact;
mod code;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bonafide_protocol::measurement::{Artifact, Fact, Measurement};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::port::Files;

/// How long a token request waits for the app's files to be digested; what takes longer enters the next token.
const PATIENCE: Duration = Duration::from_secs(2);

/// Measures in the background, from [`Measurer::begin`] on.
pub(crate) struct Measurer {
    files: Arc<dyn Files>,
    runtime: Handle,
    paths: Vec<PathBuf>,
    /// What [`Measurer::begin`] takes.
    sender: Mutex<Option<watch::Sender<Option<Vec<Artifact>>>>>,
    artifacts: watch::Receiver<Option<Vec<Artifact>>>,
}

impl Measurer {
    pub(crate) fn new(files: Arc<dyn Files>, paths: Vec<PathBuf>, runtime: Handle) -> Self {
        let (sender, artifacts) = watch::channel(None);
        Self { files, runtime, paths, sender: Mutex::new(Some(sender)), artifacts }
    }

    /// Digests the app's files on the blocking pool; the first call only.
    pub(crate) fn begin(&self) {
        let Some(sender) = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (files, paths) = (Arc::clone(&self.files), self.paths.clone());
        drop(self.runtime.spawn_blocking(move || {
            let measured = paths.iter().map(|path| artifact::measure(&*files, path)).collect();
            sender.send_replace(Some(measured));
        }));
    }

    /// The facts for a token request. The code in memory is looked at each time: hooks come late.
    pub(crate) async fn measurement(&self) -> Measurement {
        self.begin();
        let files = Arc::clone(&self.files);
        let code = self.runtime.spawn_blocking(move || code::measure_own(&*files)).await;
        let mut artifacts = self.artifacts.clone();
        let digested = tokio::time::timeout(PATIENCE, artifacts.wait_for(Option::is_some)).await;
        let digested = match digested {
            Ok(Ok(digested)) => digested.clone().unwrap_or_default(),
            Ok(Err(_)) => self.unknown("the measurement did not run"),
            Err(_) => self.unknown("still being measured"),
        };
        Measurement { artifacts: digested, code: code.map_or_else(|_| vec![code::unmeasured()], |code| vec![code]) }
    }

    fn unknown(&self, why: &str) -> Vec<Artifact> {
        let unknown = |path: &PathBuf| Artifact { name: artifact::name(path), sha256: Fact::Unknown(why.into()) };
        self.paths.iter().map(unknown).collect()
    }
}
