//! The pin verdict: one config, one host, one validated chain in; one decision out.

use serde::Serialize;
use thiserror::Error;

use crate::config::{Config, HostEntry, Mode};
use crate::host::Host;
use crate::pin::{Pin, UnreadableCertificate};

/// The most certificates that a validated chain may have; public chains have two to four.
pub const MAX_CHAIN: usize = 20;

/// What the pins say of a connection. Complete: facades match all four.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    /// A certificate of the chain has this pin.
    Pinned {
        /// The pin that matched.
        pin: Pin,
    },
    /// The config has no pins for the host: the platform's trust alone decides.
    Unpinned,
    /// Nothing matched, but the host's mode is `report`: go on.
    ReportOnly(Mismatch),
    /// Nothing matched: nothing may be sent.
    Mismatch(Mismatch),
}

/// The facts of a mismatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The host, as hosts are compared.
    pub host: String,
    /// The pins of the config.
    pub expected: Vec<Pin>,
    /// The pin of every certificate of the chain that could be read, leaf first.
    pub served: Vec<Pin>,
    /// Why there is no match.
    pub reason: MismatchReason,
}

/// Why there is no match.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MismatchReason {
    /// No certificate of the chain has one of the pins.
    #[error("no certificate of the chain has one of the pins")]
    NoPinMatches,
    /// The chain is empty: the platform validated none.
    #[error("there is no validated chain: does the client's trust manager accept everything?")]
    EmptyChain,
    /// The chain has more than [`MAX_CHAIN`] certificates.
    #[error("{length} certificates, more than the {MAX_CHAIN} that are looked at")]
    ChainTooLong {
        /// How many there are.
        length: usize,
    },
    /// A certificate could not be read.
    #[error("certificate {place} (the leaf is 0) could not be read")]
    UnreadableCertificate {
        /// Its place, the leaf's being 0.
        place: usize,
    },
    /// The host is no host. It has no entry either, but may be the misspelt name of a pinned one.
    #[error("this is no host name")]
    MalformedHost,
}

/// Judges a *validated* chain, leaf first, DER, for a host as an HTTP client calls it.
///
/// A chain of which any part cannot be read matches nothing, although an earlier certificate has a pin: what cannot be
/// read cannot have been validated either.
pub fn judge<C: AsRef<[u8]>>(config: &Config, host: &str, chain: &[C]) -> PinVerdict {
    match Host::parse(host) {
        Ok(host) => judge_entry(&host, config.entry(&host), chain),
        Err(_) => refuse_malformed(host),
    }
}

/// The verdict on a text that is no host.
pub fn refuse_malformed(text: &str) -> PinVerdict {
    let host = text.chars().take(100).collect();
    let reason = MismatchReason::MalformedHost;
    PinVerdict::Mismatch(Mismatch { host, expected: Vec::new(), served: Vec::new(), reason })
}

/// [`judge`] for a caller that has looked up the host's most specific entry by itself.
pub fn judge_entry<C: AsRef<[u8]>>(host: &Host, entry: Option<&HostEntry>, chain: &[C]) -> PinVerdict {
    let Some(entry) = entry.filter(|entry| entry.mode != Mode::Off) else {
        return PinVerdict::Unpinned;
    };
    let (served, unreadable) = pins_of(chain);
    let expected = entry.pins.pins();
    let reason = if chain.is_empty() {
        MismatchReason::EmptyChain
    } else if chain.len() > MAX_CHAIN {
        MismatchReason::ChainTooLong { length: chain.len() }
    } else if let Some(place) = unreadable {
        MismatchReason::UnreadableCertificate { place }
    } else if let Some(pin) = served.iter().find(|pin| expected.contains(pin)) {
        return PinVerdict::Pinned { pin: *pin };
    } else {
        MismatchReason::NoPinMatches
    };
    let mismatch = Mismatch { host: host.to_string(), expected: expected.to_vec(), served, reason };
    match entry.mode {
        Mode::Report => PinVerdict::ReportOnly(mismatch),
        Mode::Enforce | Mode::Off => PinVerdict::Mismatch(mismatch),
    }
}

/// The pins of the first [`MAX_CHAIN`] certificates, and the place of the first that cannot be read.
fn pins_of<C: AsRef<[u8]>>(chain: &[C]) -> (Vec<Pin>, Option<usize>) {
    let pins: Vec<Result<Pin, UnreadableCertificate>> =
        chain.iter().take(MAX_CHAIN).map(|der| Pin::of_certificate(der.as_ref())).collect();
    let unreadable = pins.iter().position(Result::is_err);
    (pins.into_iter().flatten().collect(), unreadable)
}
