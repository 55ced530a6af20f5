//! Host names and the patterns of the config: exact, `*.acme.com` (one label), `**.acme.com` (any depth and the
//! bare domain), as OkHttp's `CertificatePinner` has them.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// RFC 1035 section 2.3.4, less the two length octets.
const MAX_NAME: usize = 253;

/// Why a text is no host or host pattern.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text:?} is no {}", expectation(.pattern))]
pub struct MalformedHost {
    /// The text found, shortened.
    pub text: String,
    /// Whether a pattern was asked for.
    pub pattern: bool,
}

/// A host as hosts are compared: a lower-case A-label name without a trailing dot, or an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name.
    Name(String),
    /// An address; IPv4-mapped IPv6 stays IPv6.
    Address(IpAddr),
}

impl Host {
    /// Reads what an HTTP client calls the host: any case, IDN, one trailing dot, IPv6 with or without brackets.
    pub fn parse(text: &str) -> Result<Self, MalformedHost> {
        Self::parse_option(text).ok_or_else(|| malformed(text, false))
    }

    fn parse_option(text: &str) -> Option<Self> {
        // Longer input is not worth normalising: no A-label form is shorter than a quarter of its text.
        if text.is_empty() || text.len() > 4 * MAX_NAME {
            return None;
        }
        let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
        if bare.contains(':') {
            return bare.parse().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        match url::Host::parse(text.strip_suffix('.').unwrap_or(text)).ok()? {
            url::Host::Domain(name) => {
                let good = name.len() <= MAX_NAME
                    && name.split('.').all(|label| {
                        !label.is_empty()
                            && label.len() <= 63
                            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
                    });
                good.then_some(Self::Name(name))
            }
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::Address(address.into())),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// A host pattern of the config.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host only.
    Exact(Host),
    /// `*.NAME`: exactly one more label.
    OneLabel(String),
    /// `**.NAME`: any number of more labels, none included.
    AnyDepth(String),
}

impl HostPattern {
    /// Reads a pattern. `*` stands for whole labels, at the front only, and never before an address or a single label.
    pub fn parse(text: &str) -> Result<Self, MalformedHost> {
        let wildcard = |rest: &str, make: fn(String) -> Self| match Host::parse(rest) {
            Ok(Host::Name(name)) if name.contains('.') => Ok(make(name)),
            _ => Err(malformed(text, true)),
        };
        if let Some(rest) = text.strip_prefix("**.") {
            wildcard(rest, Self::AnyDepth)
        } else if let Some(rest) = text.strip_prefix("*.") {
            wildcard(rest, Self::OneLabel)
        } else {
            Host::parse(text).map(Self::Exact).map_err(|_| malformed(text, true))
        }
    }

    /// Whether the pattern covers `host`. An address is covered by itself only.
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Exact(exact), host) => exact == host,
            (Self::OneLabel(suffix), Host::Name(name)) => {
                labels_before(name, suffix).is_some_and(|front| !front.is_empty() && !front.contains('.'))
            }
            (Self::AnyDepth(suffix), Host::Name(name)) => labels_before(name, suffix).is_some(),
            (_, Host::Address(_)) => false,
        }
    }

    /// Orders patterns that cover the same host: the greater one is the more specific and wins.
    pub fn specificity(&self) -> (usize, usize) {
        match self {
            Self::Exact(_) => (usize::MAX, 0),
            Self::OneLabel(suffix) => (suffix.len(), 1),
            Self::AnyDepth(suffix) => (suffix.len(), 0),
        }
    }
}

/// What stands before `suffix` in `name`, without the dot: empty when they are the same, `None` when it is no suffix.
fn labels_before<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let front = name.strip_suffix(suffix)?;
    if front.is_empty() { Some(front) } else { front.strip_suffix('.') }
}

fn expectation(pattern: &bool) -> &'static str {
    if *pattern { "host pattern: expected a name, *.NAME, **.NAME or an IP address" } else { "host name or IP address" }
}

fn malformed(text: &str, pattern: bool) -> MalformedHost {
    MalformedHost { text: text.chars().take(100).collect(), pattern }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::OneLabel(suffix) => write!(f, "*.{suffix}"),
            Self::AnyDepth(suffix) => write!(f, "**.{suffix}"),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_in_one_form() {
        for (text, expected) in [
            ("API.Acme.COM", "api.acme.com"),
            ("api.acme.com.", "api.acme.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("2001:db8:0::1", "2001:db8::1"),
            ("localhost", "localhost"),
            ("a_b.acme.com", "a_b.acme.com"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long = "a".repeat(300);
        let longer = "a.".repeat(5000);
        for text in [
            "",
            ".",
            "..",
            "a..b",
            "a b",
            "api.acme.com/",
            "api@acme",
            "[::1",
            ":",
            "::g",
            "*.acme.com",
            "a%00b",
            &long,
            &longer,
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_cover_whole_labels_only() {
        for (pattern, host, covered) in [
            ("api.acme.com", "api.acme.com", true),
            ("api.acme.com", "x.api.acme.com", false),
            ("*.acme.com", "api.acme.com", true),
            ("*.acme.com", "acme.com", false),
            ("*.acme.com", "a.b.acme.com", false),
            ("*.acme.com", "evilacme.com", false),
            ("**.acme.com", "acme.com", true),
            ("**.acme.com", "a.b.acme.com", true),
            ("**.acme.com", "evilacme.com", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("BÜCHER.example", "bücher.example", true),
        ] {
            let host = Host::parse(host).unwrap();
            assert_eq!(HostPattern::parse(pattern).unwrap().matches(&host), covered, "{pattern} {host}");
        }
    }

    #[test]
    fn no_pattern_covers_a_whole_top_level_domain_or_a_part_of_a_label() {
        for text in [
            "*",
            "**",
            "*.com",
            "**.com",
            "a*.acme.com",
            "api.*.com",
            "*.192.0.2.1",
            "***.acme.com",
            "*.",
            "*.*.acme.com",
        ] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_more_specific_pattern_wins() {
        let order = ["**.acme.com", "*.acme.com", "**.api.acme.com", "*.api.acme.com", "x.api.acme.com"];
        let ranks: Vec<_> = order.iter().map(|text| HostPattern::parse(text).unwrap().specificity()).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }
}
