//! All of Bonafide's device logic: bootstrap, config store and updates, pin checks, measurement, tokens, reports.
//!
//! [`Core`] is the whole of it for a facade; what a platform has to give comes in through [`port`]. Nothing here knows
//! a platform, and nothing panics on outside data.

pub mod adapter;
mod background;
mod backoff;
mod challenge;
mod engine;
mod evidence;
mod failure;
mod flight;
mod health;
mod held;
mod inner;
pub mod integrity;
mod keys;
pub mod port;
mod random;
mod refresh;
mod report;
mod service;
mod settings;
mod snapshot;
mod status;
mod store;
mod tls;
mod token;
mod transport;

pub use bonafide_protocol as protocol;
pub use engine::Core;
pub use failure::Failure;
pub use settings::Settings;
pub use snapshot::{HostRules, Snapshot};
pub use status::{CoreStatus, StorageState, StoredRecord};
pub use token::TokenLease;
