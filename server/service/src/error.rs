//! Why the service could not be set up or started.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use bonafide_protocol::key::KeyError;
use bonafide_protocol::trust::{DocumentError, TrustError};
use thiserror::Error;

use crate::keys::{KeyringError, SealError};
use crate::store::StoreError;

/// Why [`crate::init`] or [`crate::serve`] gave up. Each says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// There is a service in the directory already.
    #[error("{path} is there already: `bonafide init` sets up an empty directory only")]
    AlreadyInitialised {
        /// What was found.
        path: PathBuf,
    },
    /// There is no service in the directory.
    #[error("no service in {data_dir}: run `bonafide init` first")]
    NotInitialised {
        /// Where one was looked for.
        data_dir: PathBuf,
    },
    /// The account's name.
    #[error("{account:?} is no account name: 1 to 64 of a-z, 0-9, dot, dash, underscore")]
    AccountName {
        /// The name given.
        account: String,
    },
    /// Tokens of such a lifetime are not issued.
    #[error("a token lifetime of {seconds} seconds: 10 to 3600 are possible")]
    TokenLifetime {
        /// The lifetime asked for.
        seconds: u64,
    },
    /// A lost key would lock every device out of the service.
    #[error("{count} different pins for the service, at least two are needed: the key in use and a backup")]
    TooFewServicePins {
        /// How many different ones were given.
        count: usize,
    },
    /// The first config cannot be made of what was given.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// The documents in the database do not chain to their root.
    #[error("the documents in the database are not to be trusted: {0}")]
    Trust(#[from] TrustError),
    /// A file or directory.
    #[error("could not {doing} {path}: {source}")]
    File {
        /// What was tried: `read`, `write`, `make`, `replace`.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A key file that others can read.
    #[error("{path} has mode {mode:o}, so that others can read it: chmod 600 it, and consider the key as known")]
    KeyFileReadable {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The master key's text.
    #[error("{place} holds no master key: expected 32 bytes in base64")]
    MalformedMasterKey {
        /// The file, or the variable.
        place: String,
    },
    /// A key could not be sealed.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// A key could not be made.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The keys in the database.
    #[error("{0}")]
    Keyring(#[from] KeyringError),
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A database of a kind that this version does not have.
    #[error("{url:?}: this version stores in SQLite only (sqlite:PATH)")]
    UnknownDatabase {
        /// The URL given, without what may be a password.
        url: String,
    },
    /// A listener's address is in use.
    #[error("the {listener} address {address} is in use: stop what listens there, or choose another")]
    PortTaken {
        /// `public` or `operator`.
        listener: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// A listener's address may not be used.
    #[error("no permission to listen at the {listener} address {address}: ports below 1024 need a privilege")]
    NoPermission {
        /// `public` or `operator`.
        listener: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// A listener, otherwise.
    #[error("cannot listen at the {listener} address {address}: {source}")]
    Listen {
        /// `public` or `operator`.
        listener: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// The certificate and key of the public listener.
    #[error("the TLS certificate {cert} and key {key} cannot be used: {reason}")]
    Tls {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The server ended by itself.
    #[error("the server ended: {0}")]
    Ended(io::Error),
}
