//! The challenge that the last token response brought: the next request is one round trip.

use std::sync::{Mutex, PoisonError};

use crate::challenge::Challenge;

/// A longer one is none.
const MAX_CHALLENGE_BYTES: usize = 4096;

/// At most one challenge is kept; requests that run side by side fetch their own.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<Option<Challenge>>);

impl Challenges {
    /// Takes the one that is kept, if it is still good at `now` (boot milliseconds).
    pub(super) fn take(&self, now: u64) -> Option<Challenge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|kept| kept.is_good(now))
    }

    /// Keeps one.
    pub(super) fn keep(&self, challenge: Challenge) {
        if challenge.text.is_empty() || challenge.text.len() > MAX_CHALLENGE_BYTES {
            return;
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_given_once_and_never_too_late() {
        let challenges = Challenges::default();
        let keep = |text: &str| challenges.keep(Challenge::new(text.into(), 0, 60));
        assert_eq!(challenges.take(0), None);
        keep("late");
        assert_eq!(challenges.take(55_000), None);
        keep("");
        keep(&"x".repeat(5000));
        assert_eq!(challenges.take(0), None);
        keep("good");
        assert_eq!(challenges.take(54_999), Some(Challenge::new("good".into(), 0, 60)));
        assert_eq!(challenges.take(0), None);
    }
}
