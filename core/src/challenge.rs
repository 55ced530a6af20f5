//! A challenge of the service's, until when it is good, and what came with it.

use bonafide_protocol::evidence::{EvidenceKind, Rollout};

/// A challenge that is about to expire would be spent in vain.
const MARGIN_MILLIS: u64 = 5_000;

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    /// By the boot clock, milliseconds.
    expires: u64,
    /// Who is asked for evidence, where the answer said so.
    rollout: Rollout,
}

impl Challenge {
    /// One that was asked for at `asked` (boot milliseconds).
    pub(crate) fn new(text: String, asked: u64, expires_in_seconds: u64) -> Self {
        let expires = asked.saturating_add(expires_in_seconds.saturating_mul(1000));
        Self { text, expires, rollout: Rollout::default() }
    }

    /// The same, with who is asked for evidence.
    pub(crate) fn with_rollout(self, rollout: Rollout) -> Self {
        Self { rollout, ..self }
    }

    /// Whether it came with the word that an installation with this key is asked for evidence, or without any.
    pub(crate) fn asks(&self, kind: EvidenceKind, thumbprint: &str) -> bool {
        self.rollout.asks(kind, thumbprint)
    }

    /// Whether the service would still take it at `now` (boot milliseconds).
    pub(crate) fn is_good(&self, now: u64) -> bool {
        now.saturating_add(MARGIN_MILLIS) < self.expires
    }
}
