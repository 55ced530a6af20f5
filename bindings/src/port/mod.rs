//! The foreign traits that a platform implements, and the shims that make core's ports of them.
//!
//! A platform gives what it has; the rest falls back to core's own adapters. So Android and iOS add an implementation
//! in Kotlin or Swift and change nothing here.

mod connectivity;
mod evidence;
mod install_key;
mod observer;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod own_files;
mod properties;

use std::sync::Arc;

use bonafide_core::adapter::{FileStorage, NoEvidence, Silent, SoftwareKey, SystemClock, UnknownConnectivity};
#[cfg(not(target_vendor = "apple"))]
use bonafide_core::adapter::{NoImages as LoadedImages, NoProcesses as OwnProcess};
use bonafide_core::port::{Ports, Storage};
use thiserror::Error;

#[cfg(target_os = "android")]
use crate::android::PlatformTrust;
#[cfg(target_vendor = "apple")]
use crate::apple::{LoadedImages, OwnProcess};
#[cfg(not(target_os = "android"))]
use bonafide_core::adapter::StandardTrust as PlatformTrust;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
use bonafide_core::adapter::StdFiles;

pub use connectivity::{ConnectionHint, ConnectivityPort};
pub use evidence::{EvidenceError, EvidencePort, NativeEvidence, NativeEvidenceKind};
pub use install_key::{InstallKeyPort, KeyError, NativeCandidate, NativeKey, NativeKeyLevel};
pub use observer::ObserverPort;
#[cfg(any(target_os = "android", target_os = "linux"))]
use own_files::OwnFiles;
pub use properties::PropertiesPort;

/// What the platform gives. `None` where it has nothing of its own.
#[derive(uniffi::Record)]
pub struct NativePorts {
    /// The install key; without it, a software key in the storage folder.
    pub install_key: Option<Arc<dyn InstallKeyPort>>,
    /// Platform evidence; without it, none.
    pub evidence: Option<Arc<dyn EvidencePort>>,
    /// System properties beside those that the system itself gives the core; without it, none.
    pub properties: Option<Arc<dyn PropertiesPort>>,
    /// The network hint; without it, unknown.
    pub connectivity: Option<Arc<dyn ConnectivityPort>>,
    /// Who is told of changes.
    pub observer: Option<Arc<dyn ObserverPort>>,
}

impl NativePorts {
    /// Core's ports, with its records in the folder `storage`.
    pub(crate) fn into_ports(self, storage: &str) -> Ports {
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(storage));
        Ports {
            clock: Arc::new(SystemClock),
            install_key: match self.install_key {
                Some(key) => Arc::new(install_key::ForeignInstallKey(key)),
                None => Arc::new(SoftwareKey::new(Arc::clone(&storage))),
            },
            storage,
            evidence: match self.evidence {
                Some(evidence) => Arc::new(evidence::ForeignEvidence(evidence)),
                None => Arc::new(NoEvidence),
            },
            trust: Arc::new(PlatformTrust::default()),
            #[cfg(any(target_os = "android", target_os = "linux"))]
            files: Arc::new(OwnFiles::new()),
            #[cfg(not(any(target_os = "android", target_os = "linux")))]
            files: Arc::new(StdFiles),
            properties: Arc::new(properties::AllProperties::new(self.properties)),
            processes: Arc::new(OwnProcess),
            images: Arc::new(LoadedImages),
            connectivity: match self.connectivity {
                Some(connectivity) => Arc::new(connectivity::ForeignConnectivity(connectivity)),
                None => Arc::new(UnknownConnectivity),
            },
            observer: match self.observer {
                Some(observer) => Arc::new(observer::ForeignObserver(observer)),
                None => Arc::new(Silent),
            },
        }
    }
}

/// A port's implementation threw what it should not.
#[derive(Clone, Debug, Error, PartialEq, Eq, uniffi::Error)]
pub enum PortError {
    /// The exception's text.
    #[error("the platform's code failed: {why}")]
    Failed {
        /// The exception's text.
        why: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PortError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { why: error.reason }
    }
}
