//! Bonafide's core for Kotlin and Swift.
//!
//! Records, objects and foreign traits for UniFFI, shims between them and the core's ports, the one runtime, and
//! nothing that decides. All of it is internal to the facades: no name of this crate reaches an app. A panic below
//! becomes an error here, never the end of the app.

#[cfg(target_os = "android")]
mod android;
#[cfg(target_vendor = "apple")]
mod apple;
mod engine;
mod failure;
mod log;
mod port;
mod runtime;
mod settings;
mod status;
mod unwind;
mod verdict;

pub use engine::{NativeEngine, NativeLease, NativeRules};
pub use failure::NativeFailure;
pub use log::{LogLevel, Logger, set_log_level, set_logger};
pub use port::{
    ConnectionHint, ConnectivityPort, EvidenceError, EvidencePort, InstallKeyPort, KeyError, NativeCandidate,
    NativeEvidence, NativeEvidenceKind, NativeKey, NativeKeyLevel, NativePorts, ObserverPort, PortError,
    PropertiesPort,
};
pub use settings::{NativePlatform, NativeSettings};
pub use status::NativeStatus;
pub use verdict::{NativeMismatch, NativeVerdict, PinCheck};

uniffi::setup_scaffolding!();
