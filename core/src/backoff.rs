//! When to try again: 1 s, doubling to 5 min, with full jitter, and never before the service's `Retry-After`.

use std::time::Duration;

use crate::random;

const FIRST_MILLIS: u64 = 1_000;
const LONGEST_MILLIS: u64 = 5 * 60 * 1_000;

/// A service cannot silence a device for longer than this.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Failures in a row and when the next try is due, by the boot clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    not_before: u64,
}

impl Backoff {
    /// Counts a failure at `now` (boot milliseconds).
    pub(crate) fn failed(&mut self, now: u64, retry_after: Option<Duration>) {
        self.failed_with(now, retry_after, random::up_to);
    }

    fn failed_with(&mut self, now: u64, retry_after: Option<Duration>, random: impl Fn(u64) -> u64) {
        let longest = FIRST_MILLIS.checked_shl(self.failures.min(20)).unwrap_or(LONGEST_MILLIS).min(LONGEST_MILLIS);
        self.failures = self.failures.saturating_add(1);
        let asked = retry_after.map_or(0, |wait| millis(wait.min(LONGEST_ASKED)));
        // The jitter comes on top of what was asked for: else everybody who was sent away returns in the same moment.
        self.not_before = now.saturating_add(asked).saturating_add(random(longest));
    }

    /// Forgets the failures.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Whether a try is due at `now`.
    pub(crate) fn allows(&self, now: u64) -> bool {
        now >= self.not_before
    }

    /// When the next try is due, boot milliseconds.
    pub(crate) fn not_before(&self) -> u64 {
        self.not_before
    }
}

/// A duration in milliseconds; what does not fit is for ever.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_a_second_to_five_minutes() {
        let mut backoff = Backoff::default();
        assert!(backoff.allows(0));
        for longest in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000] {
            backoff.failed_with(50, None, |limit| limit);
            assert_eq!(backoff.not_before(), 50 + longest);
        }
        for _ in 0..100 {
            backoff.failed_with(0, None, |limit| limit);
        }
        assert_eq!(backoff.not_before(), 300_000);
        backoff.succeeded();
        assert!(backoff.allows(0));
    }

    #[test]
    fn the_jitter_is_full() {
        let mut backoff = Backoff::default();
        backoff.failed_with(7, None, |_| 0);
        assert!(backoff.allows(7));
    }

    #[test]
    fn what_the_service_asks_for_is_kept_up_to_an_hour() {
        let mut backoff = Backoff::default();
        backoff.failed_with(0, Some(Duration::from_secs(30)), |_| 0);
        assert!(!backoff.allows(29_999));
        assert!(backoff.allows(30_000));
        backoff.failed_with(0, Some(Duration::MAX), |_| 0);
        assert_eq!(backoff.not_before(), 3_600_000);
    }
}
