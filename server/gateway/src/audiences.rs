//! Which audience a request's token has to have.

use std::collections::HashMap;

use bonafide_protocol::development::is_development_audience;
use bonafide_protocol::host::Host;
use thiserror::Error;

/// Which audience a request's token has to have.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Audiences {
    /// One for all that comes through this gateway.
    One(String),
    /// One per host of the request; other hosts are refused.
    PerHost(HostAudiences),
}

/// Audiences by host: all of them for development builds, or none.
#[derive(Clone, Debug)]
pub struct HostAudiences {
    by_host: HashMap<Host, String>,
}

/// Development builds were to be served beside others. A proxy that sends both hosts to one API would open the real one
/// to them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{development} is for development builds, {other} is not: one gateway does not serve both")]
pub struct MixedAudiences {
    /// An audience of development builds.
    pub development: String,
    /// An audience of others.
    pub other: String,
}

impl HostAudiences {
    /// Refuses development audiences beside others.
    pub fn new(by_host: HashMap<Host, String>) -> Result<Self, MixedAudiences> {
        let first = |development: bool| {
            by_host.values().filter(|audience| is_development_audience(audience) == development).min().cloned()
        };
        match (first(true), first(false)) {
            (Some(development), Some(other)) => Err(MixedAudiences { development, other }),
            _ => Ok(Self { by_host }),
        }
    }

    /// The audience of this host.
    pub(crate) fn of(&self, host: &Host) -> Option<&str> {
        self.by_host.get(host).map(String::as_str)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn audiences(names: &[&str]) -> Result<HostAudiences, MixedAudiences> {
        let host = |place: usize| Host::parse(&format!("host{place}.acme.com")).unwrap();
        HostAudiences::new(names.iter().enumerate().map(|(place, name)| (host(place), (*name).to_owned())).collect())
    }

    #[test]
    fn development_builds_are_served_alone() {
        for alone in [&["acme", "pay"][..], &["acme+dev", "pay+dev"], &["acme+dev"], &[]] {
            assert!(audiences(alone).is_ok(), "{alone:?}");
        }
        for mixed in [["acme", "acme+dev"], ["acme+dev", "pay"]] {
            let refused = audiences(&mixed).unwrap_err();
            assert_eq!(refused.development, "acme+dev");
            assert!(!is_development_audience(&refused.other));
        }
    }
}
