//! Pin checks as they cross.

use bonafide_core::protocol::pin::Pin;
use bonafide_core::protocol::verdict::{Mismatch, MismatchReason, PinVerdict};

/// What is checked. One record, so that it crosses in one buffer.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PinCheck {
    /// The host, as the HTTP client calls it.
    pub host: String,
    /// The *validated* chain, DER, leaf first.
    pub chain: Vec<Vec<u8>>,
}

/// What the pins say. Complete.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NativeVerdict {
    /// A certificate of the chain has this pin.
    Pinned {
        /// `sha256/BASE64`.
        pin: String,
    },
    /// The config has no pins for the host.
    Unpinned,
    /// Nothing matched, but the host's mode is `report`.
    ReportOnly {
        /// What did not match.
        mismatch: NativeMismatch,
    },
    /// Nothing matched: nothing may be sent.
    Mismatch {
        /// What did not match.
        mismatch: NativeMismatch,
    },
}

/// The facts of a mismatch.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NativeMismatch {
    /// The host.
    pub host: String,
    /// The pins of the config, `sha256/BASE64`.
    pub expected: Vec<String>,
    /// The pin of every certificate that could be read, leaf first.
    pub served: Vec<String>,
    /// Why, where it is not simply that no pin is equal.
    pub reason: Option<String>,
}

impl NativeVerdict {
    /// A check that did not come to an end refuses.
    pub(crate) fn refused(host: &str) -> Self {
        let reason = Some("the check failed inside Bonafide (internal_error)".to_owned());
        let mismatch = NativeMismatch { host: host.to_owned(), expected: Vec::new(), served: Vec::new(), reason };
        Self::Mismatch { mismatch }
    }
}

impl From<PinVerdict> for NativeVerdict {
    fn from(verdict: PinVerdict) -> Self {
        match verdict {
            PinVerdict::Pinned { pin } => Self::Pinned { pin: pin.to_string() },
            PinVerdict::Unpinned => Self::Unpinned,
            PinVerdict::ReportOnly(mismatch) => Self::ReportOnly { mismatch: mismatch.into() },
            PinVerdict::Mismatch(mismatch) => Self::Mismatch { mismatch: mismatch.into() },
        }
    }
}

impl From<Mismatch> for NativeMismatch {
    fn from(mismatch: Mismatch) -> Self {
        let text = |pins: &[Pin]| pins.iter().map(Pin::to_string).collect();
        let reason = match mismatch.reason {
            MismatchReason::NoPinMatches => None,
            reason => Some(reason.to_string()),
        };
        Self { expected: text(&mismatch.expected), served: text(&mismatch.served), host: mismatch.host, reason }
    }
}

impl From<NativeMismatch> for Mismatch {
    /// For a report. The reason is not part of one; pins that cannot be read are left out.
    fn from(mismatch: NativeMismatch) -> Self {
        let pins = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        let (expected, served) = (pins(&mismatch.expected), pins(&mismatch.served));
        Self { host: mismatch.host, expected, served, reason: MismatchReason::NoPinMatches }
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "what the tests are about")]
mod tests {
    use super::*;
    use crate::unwind::or_bug;

    #[test]
    fn a_check_that_panics_refuses() {
        let verdict = or_bug(|| panic!("on purpose"), || NativeVerdict::refused("api.acme.com"));
        let NativeVerdict::Mismatch { mismatch } = verdict else { panic!("not refused: {verdict:?}") };
        assert_eq!(mismatch.host, "api.acme.com");
    }

    #[test]
    fn a_report_keeps_what_was_served() {
        let pin = Pin::from_digest([7; 32]);
        let reason = MismatchReason::NoPinMatches;
        let mismatch =
            Mismatch { host: "api.acme.com".to_owned(), expected: vec![pin], served: vec![pin, pin], reason };
        assert_eq!(Mismatch::from(NativeMismatch::from(mismatch.clone())), mismatch);
    }
}
