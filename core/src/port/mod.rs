//! Everything that the core needs of a platform, one small trait each.
//!
//! A port is called from any thread. A port that may block says so in its docs: the core calls it on the runtime's
//! blocking pool only, never on the runtime's own thread, so that timers stay true. No port may call back into the core.

mod clock;
mod connectivity;
mod evidence;
mod files;
mod images;
mod install_key;
mod observer;
mod processes;
mod properties;
mod storage;
mod trust;

use std::sync::Arc;

pub use clock::Clock;
pub use connectivity::{Connection, Connectivity};
pub use evidence::{EvidenceFailure, EvidenceProvider, EvidenceRequest};
pub use files::{FileReader, FileStat, Files};
pub use images::{Image, Images};
pub use install_key::{Candidate, InstallKey, KeyFailure, KeyHandle, KeyLevel};
pub use observer::Observer;
pub use processes::Processes;
pub use properties::Properties;
pub use storage::{Record, Storage, StorageFailure, StorageLock};
pub use trust::{ServerTrust, TrustFailure};

/// The platform, as the core sees it. Standard adapters are in [`crate::adapter`].
#[derive(Clone)]
pub struct Ports {
    /// Wall clock and boot clock.
    pub clock: Arc<dyn Clock>,
    /// A few small named records.
    pub storage: Arc<dyn Storage>,
    /// The key that identifies the installation.
    pub install_key: Arc<dyn InstallKey>,
    /// The platform's own statement about the app and the install key.
    pub evidence: Arc<dyn EvidenceProvider>,
    /// Who may be the service, before pins.
    pub trust: Arc<dyn ServerTrust>,
    /// Files, as measurement reads them.
    pub files: Arc<dyn Files>,
    /// System properties, as measurement reads them.
    pub properties: Arc<dyn Properties>,
    /// Running processes, as measurement reads them.
    pub processes: Arc<dyn Processes>,
    /// What the process has loaded, where no file tells it.
    pub images: Arc<dyn Images>,
    /// A hint about the network.
    pub connectivity: Arc<dyn Connectivity>,
    /// Who is told of changes.
    pub observer: Arc<dyn Observer>,
}
