//! A challenge of the service's, and until when it is good.

/// A challenge that is about to expire would be spent in vain.
const MARGIN_MILLIS: u64 = 5_000;

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    /// By the boot clock, milliseconds.
    expires: u64,
}

impl Challenge {
    /// One that was asked for at `asked` (boot milliseconds).
    pub(crate) fn new(text: String, asked: u64, expires_in_seconds: u64) -> Self {
        Self { text, expires: asked.saturating_add(expires_in_seconds.saturating_mul(1000)) }
    }

    /// Whether the service would still take it at `now` (boot milliseconds).
    pub(crate) fn is_good(&self, now: u64) -> bool {
        now.saturating_add(MARGIN_MILLIS) < self.expires
    }
}
