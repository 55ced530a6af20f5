//! The service's keys: sealed in the database, opened into memory at start.

mod master;
mod ring;
mod seal;

pub(crate) use master::{MASTER_KEY_FILE, create_master_key, load_master_key};
pub use ring::KeyringError;
pub(crate) use ring::{ChallengeKey, Keyring, NewKey, Purpose};
pub use seal::SealError;
pub(crate) use seal::{Binding, MasterKey};
