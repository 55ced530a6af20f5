//! What the core measures: the app's files, and its own code in memory. Facts only; a probe that cannot run says so.

mod artifact;
mod code;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::measurement::{Artifact, Fact, Measurement};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::port::Files;

/// How long a token request waits for the app's files to be digested; what takes longer enters the next token.
const PATIENCE: Duration = Duration::from_secs(2);

/// Measures in the background.
pub(crate) struct Measurer {
    files: Arc<dyn Files>,
    runtime: Handle,
    paths: Vec<PathBuf>,
    artifacts: watch::Receiver<Option<Vec<Artifact>>>,
}

impl Measurer {
    /// Starts digesting the app's files on the blocking pool.
    pub(crate) fn start(files: Arc<dyn Files>, paths: Vec<PathBuf>, runtime: Handle) -> Self {
        let (sender, artifacts) = watch::channel(None);
        let work = (Arc::clone(&files), paths.clone());
        drop(runtime.spawn_blocking(move || {
            let (files, paths) = work;
            let measured = paths.iter().map(|path| artifact::measure(&*files, path)).collect();
            sender.send_replace(Some(measured));
        }));
        Self { files, runtime, paths, artifacts }
    }

    /// The facts for a token request. The code in memory is looked at each time: hooks come late.
    pub(crate) async fn measurement(&self) -> Measurement {
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
