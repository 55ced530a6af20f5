use std::sync::Arc;

use bonafide_core::port::{Connection, Connectivity};

use super::PortError;

/// What the platform thinks of the network. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ConnectionHint {
    /// There is a network.
    Online,
    /// There is none.
    Offline,
    /// The platform does not say.
    Unknown,
}

/// The network, as the platform knows it. Cheap, does not block.
#[uniffi::export(foreign)]
pub trait ConnectivityPort: Send + Sync {
    /// Whether there is a network.
    fn connection(&self) -> Result<ConnectionHint, PortError>;

    /// The HTTP proxy that the platform names for `https` URLs, as `http://HOST:PORT`.
    fn proxy(&self) -> Result<Option<String>, PortError>;
}

pub(super) struct ForeignConnectivity(pub(super) Arc<dyn ConnectivityPort>);

impl Connectivity for ForeignConnectivity {
    fn connection(&self) -> Connection {
        match self.0.connection() {
            Ok(ConnectionHint::Online) => Connection::Online,
            Ok(ConnectionHint::Offline) => Connection::Offline,
            Ok(ConnectionHint::Unknown) | Err(_) => Connection::Unknown,
        }
    }

    fn proxy(&self) -> Option<String> {
        self.0.proxy().unwrap_or_else(|error| {
            tracing::warn!(%error, "the platform's proxy setting could not be read");
            None
        })
    }
}
