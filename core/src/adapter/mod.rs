//! Standard adapters: what a desktop or server process needs, and what other platforms may use of it.

mod clock;
mod file_storage;
mod none;
mod software_key;
mod std_files;
mod trust;

use std::sync::Arc;

pub use clock::SystemClock;
pub use file_storage::FileStorage;
pub use none::{NoEvidence, NoImages, NoProcesses, NoProperties, Silent, UnknownConnectivity};
pub use software_key::SoftwareKey;
pub use std_files::StdFiles;
pub use trust::StandardTrust;

use crate::port::{Ports, Storage};

impl Ports {
    /// The ports of a desktop or server process: everything standard, the install key in software, records in
    /// `storage`.
    pub fn desktop(storage: Arc<dyn Storage>) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            install_key: Arc::new(SoftwareKey::new(Arc::clone(&storage))),
            storage,
            evidence: Arc::new(NoEvidence),
            trust: Arc::new(StandardTrust::new()),
            files: Arc::new(StdFiles),
            properties: Arc::new(NoProperties),
            processes: Arc::new(NoProcesses),
            images: Arc::new(NoImages),
            connectivity: Arc::new(UnknownConnectivity),
            observer: Arc::new(Silent),
        }
    }
}
