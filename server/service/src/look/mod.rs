//! What a server shows in a TLS handshake: at every address, to clients with elliptic and with RSA keys only. The
//! service looks for its operator (`POST /admin/v1/look`), the command line looks for itself.
//!
//! Nothing is validated here, on purpose: what is presented has to be seen before it can be judged, also when it is an
//! interceptor's. Whoever takes a pin from it has to validate the chain first.

mod probe;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bonafide_protocol::host::Host;
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use self::probe::server_name;

/// How long [`look`] takes at most: resolving, connecting and the handshakes together.
pub const WITHIN: Duration = Duration::from_secs(10);

/// The most addresses of one host that are connected to.
pub const MAX_ADDRESSES: usize = 32;

/// Which keys a server may show. One with certificates of both kinds serves each to its clients. Complete:
/// TLS 1.2 and 1.3 have no other kind in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// ECDSA and Ed25519.
    Elliptic,
    /// RSA, PKCS #1 v1.5 and PSS.
    Rsa,
}

/// Why an address gave no chain.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// No connection.
    #[error("{0}")]
    Connect(io::Error),
    /// Neither a chain nor a refusal in time.
    #[error("no answer within {seconds} s")]
    Timeout {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// A connection, but no TLS, or none with keys of the kind.
    #[error("{0}")]
    Handshake(io::Error),
}

/// Why nobody could be looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LookError {
    /// The name has no address, or the resolver none to give.
    #[error("{name} cannot be resolved: {source}")]
    Unresolved {
        /// The name.
        name: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// More than [`MAX_ADDRESSES`]: to see a part of them would look like having seen all.
    #[error("{name} has {count} addresses, more than the {MAX_ADDRESSES} that are looked at")]
    TooManyAddresses {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
}

/// What one address showed to one kind of client.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shown {
    /// Where.
    pub address: SocketAddr,
    /// To whom.
    pub kind: KeyKind,
    /// The chain as it came, leaf first: neither validated nor tidied up. Only the possession of the leaf's key is proven.
    pub chain: Result<Vec<CertificateDer<'static>>, ProbeError>,
}

/// Connects to every address of the host, for either kind of key, and ends each connection after the handshake: not a
/// byte of a request is sent. Sorted by address and kind. Takes [`WITHIN`] at most, whatever the servers do; dropped, it
/// stops.
///
/// Runs on a Tokio runtime with I/O and time, from any thread.
///
/// # Errors
/// A host without addresses, or with too many. An address that does not answer is no error: its [`Shown::chain`] says it.
pub async fn look(host: &Host, port: u16) -> Result<Vec<Shown>, LookError> {
    let deadline = Instant::now() + WITHIN;
    let mut probes = JoinSet::new();
    for address in addresses(host, port, deadline).await? {
        for kind in [KeyKind::Elliptic, KeyKind::Rsa] {
            let host = host.clone();
            probes.spawn(async move {
                let chain = probe::presented_chain(&host, address, kind, deadline).await;
                Shown { address, kind, chain }
            });
        }
    }
    let mut shown = Vec::new();
    while let Some(ended) = probes.join_next().await {
        // Only a panic or the runtime's end keeps a probe from its result.
        shown.extend(ended);
    }
    shown.sort_unstable_by_key(|one| (one.address, one.kind));
    Ok(shown)
}

async fn addresses(host: &Host, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, LookError> {
    let name = match host {
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        Host::Name(name) => name.as_str(),
    };
    let unresolved = |source| LookError::Unresolved { name: name.to_owned(), source };
    let resolved = tokio::time::timeout_at(deadline, tokio::net::lookup_host((name, port))).await;
    let resolved = resolved.map_err(|_| unresolved(io::ErrorKind::TimedOut.into()))?;
    let mut found: Vec<_> = resolved.map_err(unresolved)?.collect();
    found.sort_unstable();
    found.dedup();
    match found.len() {
        0 => Err(unresolved(io::Error::new(io::ErrorKind::NotFound, "it has no address"))),
        count if count > MAX_ADDRESSES => Err(LookError::TooManyAddresses { name: name.to_owned(), count }),
        _ => Ok(found),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    // The clock is tokio's own, which jumps when nothing else is to do.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answers_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let began = Instant::now();
        let shown = look(&Host::parse("127.0.0.1").unwrap(), silent.local_addr().unwrap().port()).await.unwrap();
        assert!(shown.iter().all(|one| matches!(one.chain, Err(ProbeError::Timeout { seconds: 10 }))), "{shown:?}");
        assert_eq!(shown.len(), 2);
        assert!(began.elapsed() < WITHIN + Duration::from_secs(1), "both at once");
    }
}
