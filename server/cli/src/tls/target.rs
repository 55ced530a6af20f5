//! What the operator names a server by.

use std::net::SocketAddr;

use bonafide_protocol::host::Host;
use url::Url;

use crate::exit::{Failure, Outcome};

/// A host and a port.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

impl Target {
    /// Reads `https://HOST[:PORT][/…]`, `HOST[:PORT]` or `[V6][:PORT]`.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let no_target = || {
            Failure::usage(format!("{text:?} is no https URL and no HOST[:PORT]"))
                .next("for instance `bonafide api add https://api.acme.com`")
        };
        if text.starts_with("http://") {
            return Err(Failure::usage(format!("{text:?} is not https: there is no certificate to pin")));
        }
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&url).map_err(|_| no_target())?;
        if url.scheme() != "https" {
            return Err(no_target());
        }
        let host = url.host_str().and_then(|host| Host::parse(host).ok()).ok_or_else(no_target)?;
        Ok(Self { host, port: url.port_or_known_default().unwrap_or(443) })
    }

    /// Every address that the host has.
    pub(crate) async fn addresses(&self) -> Outcome<Vec<SocketAddr>> {
        let name = match &self.host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, self.port)]),
            Host::Name(name) => name.as_str(),
        };
        let unresolved = |error: &dyn std::fmt::Display| {
            Failure::io(format!("{name} cannot be resolved"), error).next("check the name and this machine's DNS")
        };
        let mut found: Vec<_> =
            tokio::net::lookup_host((name, self.port)).await.map_err(|error| unresolved(&error))?.collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() { Err(unresolved(&"it has no address")) } else { Ok(found) }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Address(std::net::IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}
