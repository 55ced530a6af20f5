//! A real HTTPS service with scripted failures, a fake clock, and what else a test of the core starts from.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking, and a test's module is public to the tests only"
)]

mod account;
mod attesting;
mod http;
mod ports;
mod service;

pub use account::Account;
pub use attesting::{AttestingKey, Fault, ScriptedProvider};
pub use ports::{FakeClock, KeyScript, LimitedStorage, Recorder, ScriptedKey};
pub use service::{Act, Service};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bonafide_core::adapter::FileStorage;
use bonafide_core::port::Ports;
use bonafide_core::protocol::measurement::{App, Platform};
use bonafide_core::{Core, Settings};

/// Long enough that only a fault reaches it.
pub const LONG: Duration = Duration::from_secs(30);

/// A service, a device's folder and its clock.
pub struct World {
    pub service: Service,
    pub clock: Arc<FakeClock>,
    pub recorder: Arc<Recorder>,
    pub folder: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self {
            service: Service::start().await,
            clock: Arc::new(FakeClock::new()),
            recorder: Arc::new(Recorder::default()),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn settings(&self) -> Settings {
        Settings {
            initial_config: self.service.account().initial_config(),
            app: App { platform: Platform::Jvm, id: "com.acme.app".into(), version: "1.2".into(), build: "7".into() },
            artifacts: Vec::new(),
            sdk_version: "0.1.0".into(),
            development_key: None,
            request_deadline: LONG,
            runtime: tokio::runtime::Handle::current(),
        }
    }

    pub fn storage(&self) -> FileStorage {
        FileStorage::new(self.folder.path().join("state"))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("state").join(name)
    }

    pub fn ports(&self) -> Ports {
        let mut ports = Ports::desktop(Arc::new(self.storage()));
        ports.clock = self.clock.clone();
        ports.observer = self.recorder.clone();
        ports
    }

    /// A core that embeds the config published last.
    pub fn start(&self) -> Core {
        Core::start(self.settings(), self.ports()).unwrap()
    }

    /// A core whose first background refresh is over, so that nothing else talks to the service.
    pub async fn start_settled(&self) -> Core {
        let core = self.start();
        // Joins the background refresh, or is a second one.
        core.refresh_config(LONG).await.unwrap();
        core
    }
}
