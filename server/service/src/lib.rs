//! Bonafide's attestation service: challenges, appraisal, tokens and decoys, signed configs, and the operator's API.
//!
//! [`init`] sets up a data directory, [`serve`] runs the service in it. Everything else is reached over HTTP:
//! `docs/protocol.md` says what devices call, `docs/operator-api.md` what operators call.

mod appraise;
mod audit;
mod body;
mod challenge;
mod clock;
mod development;
mod documents;
mod error;
mod evidence;
mod files;
mod http;
mod init;
mod issue;
mod janitor;
mod keys;
mod limit;
pub mod look;
mod metrics;
mod openapi;
mod operator;
mod package;
mod policy;
mod public;
mod query;
mod reply;
mod serve;
mod settings;
mod state;
mod store;
mod tls;

pub use clock::{Clock, SystemClock};
pub use error::ServiceError;
pub use init::{InitOptions, Initialised, OPERATOR_FILE, ROOT_KEY_FILE, init};
pub use keys::{KeyringError, SealError};
pub use limit::RateLimit;
pub use serve::{Running, serve};
pub use settings::{Settings, Tls};
pub use store::StoreError;
