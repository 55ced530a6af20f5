//! The challenge that the last token response brought: the next request is one round trip.

use std::sync::{Mutex, PoisonError};

/// A challenge that is about to expire would be spent in vain.
const MARGIN_MILLIS: u64 = 5_000;

/// A longer one is none.
const MAX_CHALLENGE_BYTES: usize = 4096;

/// At most one challenge is kept; requests that run side by side fetch their own.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    challenge: String,
    /// By the boot clock, milliseconds.
    expires: u64,
}

impl Challenges {
    /// Takes the one that is kept, if it is still good at `now` (boot milliseconds).
    pub(super) fn take(&self, now: u64) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (now.saturating_add(MARGIN_MILLIS) < kept.expires).then_some(kept.challenge)
    }

    /// Keeps one that was asked for at `asked` (boot milliseconds).
    pub(super) fn keep(&self, challenge: String, asked: u64, expires_in_seconds: u64) {
        if challenge.is_empty() || challenge.len() > MAX_CHALLENGE_BYTES {
            return;
        }
        let expires = asked.saturating_add(expires_in_seconds.saturating_mul(1000));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { challenge, expires });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_given_once_and_never_too_late() {
        let challenges = Challenges::default();
        assert_eq!(challenges.take(0), None);
        challenges.keep("late".into(), 0, 60);
        assert_eq!(challenges.take(55_000), None);
        challenges.keep(String::new(), 0, 60);
        challenges.keep("x".repeat(5000), 0, 60);
        assert_eq!(challenges.take(0), None);
        challenges.keep("good".into(), 0, 60);
        assert_eq!(challenges.take(54_999).as_deref(), Some("good"));
        assert_eq!(challenges.take(0), None);
    }
}
