//! What a running service is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::issue;
use crate::limit::RateLimit;

/// How the public listener speaks TLS.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Tls {
    /// PEM files. They are read again when they change: a certificate is replaced without a restart.
    Files {
        /// The certificate, followed by its intermediates.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Plain HTTP, for a proxy in front that speaks TLS. The proxy has to set `X-Forwarded-For`: its last entry is then
    /// taken for the source of a call.
    PlainHttp,
}

/// What [`crate::serve`] needs.
#[derive(Clone)]
pub struct Settings {
    /// The directory that [`crate::init`] set up.
    pub data_dir: PathBuf,
    /// Where devices call; port 0 for any free one.
    pub public_listen: SocketAddr,
    /// Where operators and gateways call, in plain HTTP: loopback, or a network that only they can reach.
    pub operator_listen: SocketAddr,
    /// How the public listener speaks TLS.
    pub tls: Tls,
    /// `sqlite:PATH`; `None`: a file in `data_dir`.
    pub database: Option<String>,
    /// Whether the public listener serves the JWKS too. Then anybody can tell a decoy from a token.
    pub public_jwks: bool,
    /// The master key, 32 bytes in base64; `None`: the file in `data_dir`.
    pub master_key: Option<String>,
    /// How often one source may call the public listener.
    pub rate_limit: RateLimit,
    /// How long a token is good for, in seconds: 10 to 3600. Shorter than a minute is for demonstrations.
    pub token_lifetime: u64,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    /// The usual: all addresses of port 8443 for devices, loopback port 8444 for operators.
    pub fn new(data_dir: impl Into<PathBuf>, tls: Tls) -> Self {
        Self {
            data_dir: data_dir.into(),
            public_listen: SocketAddr::from(([0, 0, 0, 0], 8443)),
            operator_listen: SocketAddr::from(([127, 0, 0, 1], 8444)),
            tls,
            database: None,
            public_jwks: false,
            master_key: None,
            rate_limit: RateLimit::default(),
            token_lifetime: issue::LIFETIME,
            clock: Arc::new(SystemClock),
        }
    }
}
