//! What the operator names a server by.

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
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Address(std::net::IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}
