//! What is known of each token: the last one, and how the last try went.

use std::collections::HashMap;
use std::time::Duration;

use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::status::Status;
use bonafide_protocol::tag::UserProperty;

use super::{Fetched, TokenLease};
use crate::Failure;
use crate::backoff::Backoff;

/// So many audiences and bindings are remembered; bindings may differ with each request.
const ENTRIES: usize = 64;

/// A token is not sent in its last moments: the request would arrive too late. At most a tenth of its lifetime.
const LONGEST_MARGIN_MILLIS: u64 = 5_000;

/// How long a token is fresh, at least, that may be a decoy for what was not there yet: the app's measurement, evidence.
const PROVISIONAL_MILLIS: u64 = 5_000;

/// What tokens are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(super) audience: String,
    pub(super) binding: Option<Sha256>,
    /// What the app says of its user: another user's token is another token.
    pub(super) user: Option<UserProperty>,
}

#[derive(Default)]
pub(super) struct Cache {
    entries: HashMap<Key, Entry>,
    /// What keeps every token from being fetched: bindings may differ with each request, so that each key by itself
    /// would meet the outage as new.
    pub(super) outage: Outage,
    /// Counts uses: the entry used least recently goes first.
    uses: u64,
}

/// That the service cannot be reached or wants to be left alone.
#[derive(Clone, Default)]
pub(super) struct Outage {
    pub(super) backoff: Backoff,
    pub(super) failure: Option<Failure>,
}

#[derive(Clone, Default)]
pub(super) struct Entry {
    pub(super) token: Option<Fetched>,
    pub(super) backoff: Backoff,
    pub(super) failure: Option<Failure>,
    used: u64,
}

impl Cache {
    /// The entry for `key`, made if there is none.
    pub(super) fn entry(&mut self, key: &Key) -> &mut Entry {
        self.uses += 1;
        let uses = self.uses;
        if !self.entries.contains_key(key) && self.entries.len() >= ENTRIES {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.map(|oldest| self.entries.remove(&oldest));
        }
        let entry = self.entries.entry(key.clone()).or_default();
        entry.used = uses;
        entry
    }

    /// Lets every entry try again at once: the network has come back.
    pub(super) fn forget_failures(&mut self) {
        self.outage.ended();
        self.entries.values_mut().for_each(|entry| entry.backoff.succeeded());
    }
}

impl Outage {
    /// Counts a failure, if it is one that every other token would meet too. Those that ended together count once.
    pub(super) fn met(&mut self, now: u64, failure: &Failure) {
        let shared = matches!(
            failure.status(),
            Status::NoNetwork | Status::PoorNetwork | Status::ServiceUnavailable | Status::TooManyRequests
        );
        if shared && self.backoff.allows(now) {
            self.backoff.failed(now, failure.wait());
            self.failure = Some(failure.clone());
        }
    }

    /// The service has answered.
    pub(super) fn ended(&mut self) {
        *self = Self::default();
    }
}

impl Fetched {
    /// How long it may still be sent, at `now` (boot milliseconds).
    pub(super) fn valid_for(&self, now: u64) -> u64 {
        let margin = LONGEST_MARGIN_MILLIS.min(self.valid_millis / 10);
        (self.valid_millis - margin).saturating_sub(now.saturating_sub(self.asked))
    }

    /// How long until half its lifetime is over; a provisional one is renewed soon.
    pub(super) fn fresh_for(&self, now: u64) -> u64 {
        let longest = self.again_in.map_or(u64::MAX, |millis| millis.max(PROVISIONAL_MILLIS));
        (self.valid_millis / 2).min(longest).saturating_sub(now.saturating_sub(self.asked))
    }

    /// A lease of it; `why` says what the API is told when it is no longer valid.
    pub(super) fn lease(&self, header: &str, now: u64, why: Status) -> TokenLease {
        let valid_for = self.valid_for(now);
        TokenLease {
            header: header.to_owned(),
            token: Some(self.token.clone()),
            status: (valid_for == 0).then_some(why),
            valid_for: Duration::from_millis(valid_for),
            fresh_for: Duration::from_millis(self.fresh_for(now)),
            session_key: Some(self.session_key.clone()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use bonafide_protocol::key::P256Key;
    use std::sync::Arc;

    fn fetched(valid_millis: u64) -> Fetched {
        let session_key = Arc::new(P256Key::generate().unwrap());
        Fetched { token: "t".into(), session_key, asked: 1_000, valid_millis, again_in: None }
    }

    #[test]
    fn a_token_ages_by_the_boot_clock() {
        let token = fetched(300_000);
        assert_eq!((token.valid_for(1_000), token.fresh_for(1_000)), (295_000, 150_000));
        assert_eq!((token.valid_for(151_000), token.fresh_for(151_000)), (145_000, 0));
        assert_eq!(token.valid_for(296_000), 0);
        assert_eq!(token.valid_for(u64::MAX), 0);
        assert_eq!(fetched(0).valid_for(1_000), 0);
        assert_eq!(token.lease("h", 296_000, Status::NoNetwork).status, Some(Status::NoNetwork));
        assert_eq!(token.lease("h", 295_999, Status::NoNetwork).status, None);
    }

    #[test]
    fn a_provisional_token_is_valid_as_long_and_fresh_for_a_moment() {
        let token = Fetched { again_in: Some(0), ..fetched(300_000) };
        assert_eq!((token.valid_for(1_000), token.fresh_for(1_000)), (295_000, 5_000));
        assert_eq!((token.valid_for(6_000), token.fresh_for(6_000)), (290_000, 0));
        let token = Fetched { again_in: Some(20_000), ..fetched(300_000) };
        assert_eq!((token.fresh_for(1_000), token.fresh_for(21_000)), (20_000, 0));
        assert_eq!(Fetched { again_in: Some(900_000), ..fetched(300_000) }.fresh_for(1_000), 150_000);
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_use_stays() {
        let key = |number: usize| Key { audience: number.to_string(), binding: None, user: None };
        let mut cache = Cache::default();
        for number in 0..1000 {
            cache.entry(&key(0)).token = Some(fetched(1));
            cache.entry(&key(number));
        }
        assert_eq!(cache.entries.len(), ENTRIES);
        assert!(cache.entry(&key(0)).token.is_some());
    }
}
