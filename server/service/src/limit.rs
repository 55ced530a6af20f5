//! Rate limits: a token bucket for each source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// How often one source may call the public listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls a second, for ever.
    pub per_second: u32,
    /// Calls at once, after a quiet time. Phones behind one carrier's address share it.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 100, burst: 1000 }
    }
}

/// The most sources that are remembered. Beyond, those whose buckets are full again are forgotten; if there are none,
/// new sources share one bucket. Nobody's bucket is filled for being one of many.
const MAX_SOURCES: usize = 100_000;

/// How long after a search for full buckets the next may follow: it takes milliseconds, and everybody waits for it.
const SEARCH_PAUSE_MILLIS: u64 = 1000;

struct Bucket {
    /// In thousandths of a call.
    level: u64,
    at_millis: u64,
}

/// The buckets of all sources.
pub(crate) struct Limiter {
    limit: RateLimit,
    buckets: Mutex<Buckets>,
}

struct Buckets {
    of: HashMap<IpAddr, Bucket>,
    /// Of the sources that found no room.
    crowd: Bucket,
    searched_millis: Option<u64>,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let crowd = Bucket { level: full(limit), at_millis: 0 };
        Self { limit, buckets: Mutex::new(Buckets { of: HashMap::new(), crowd, searched_millis: None }) }
    }

    /// Takes one call from the source's bucket; otherwise how many seconds to wait.
    pub(crate) fn take(&self, source: IpAddr, now_millis: u64) -> Result<(), u64> {
        let source = network(source);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.of.len() >= MAX_SOURCES && !buckets.of.contains_key(&source) {
            buckets.make_room(self.limit, now_millis);
            if buckets.of.len() >= MAX_SOURCES {
                return buckets.crowd.take(self.limit, now_millis);
            }
        }
        let new = || Bucket { level: full(self.limit), at_millis: now_millis };
        buckets.of.entry(source).or_insert_with(new).take(self.limit, now_millis)
    }
}

impl Buckets {
    fn make_room(&mut self, limit: RateLimit, now_millis: u64) {
        // A clock that was set back by much does not put the search off for as long.
        if self.searched_millis.is_some_and(|then| then.abs_diff(now_millis) < SEARCH_PAUSE_MILLIS) {
            return;
        }
        self.searched_millis = Some(now_millis);
        self.of.retain(|_, bucket| bucket.level_at(limit, now_millis) < full(limit));
    }
}

impl Bucket {
    fn level_at(&self, limit: RateLimit, now_millis: u64) -> u64 {
        // A clock that was set back refills nothing.
        let gained = now_millis.saturating_sub(self.at_millis).saturating_mul(rate(limit));
        self.level.saturating_add(gained).min(full(limit))
    }

    fn take(&mut self, limit: RateLimit, now_millis: u64) -> Result<(), u64> {
        self.level = self.level_at(limit, now_millis);
        self.at_millis = now_millis;
        match self.level.checked_sub(1000) {
            Some(left) => {
                self.level = left;
                Ok(())
            }
            None => Err((1000 - self.level).div_ceil(rate(limit) * 1000).max(1)),
        }
    }
}

/// The level of a full bucket.
fn full(limit: RateLimit) -> u64 {
    u64::from(limit.burst).max(1) * 1000
}

/// What a bucket gains: calls a second are thousandths of a call a millisecond.
fn rate(limit: RateLimit) -> u64 {
    u64::from(limit.per_second).max(1)
}

/// One customer has a whole /64 of IPv6.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_calls_too_often_waits_and_others_do_not() {
        let limiter = Limiter::new(RateLimit { per_second: 1, burst: 2 });
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert_eq!(limiter.take(one, 0), Ok(()));
        assert_eq!(limiter.take(one, 0), Ok(()));
        assert_eq!(limiter.take(one, 0), Err(1));
        assert_eq!(limiter.take(other, 0), Ok(()));
        assert_eq!(limiter.take(one, 999), Err(1));
        assert_eq!(limiter.take(one, 1000), Ok(()));
        assert_eq!(limiter.take(one, 0), Err(1), "a clock set back refills nothing");
    }

    #[test]
    fn a_customer_with_a_whole_ipv6_network_is_one_source() {
        let limiter = Limiter::new(RateLimit { per_second: 1, burst: 1 });
        assert_eq!(limiter.take("2001:db8::1".parse().unwrap(), 0), Ok(()));
        assert_eq!(limiter.take("2001:db8::ffff:1".parse().unwrap(), 0), Err(1));
        assert_eq!(limiter.take("2001:db8:0:1::1".parse().unwrap(), 0), Ok(()));
    }

    fn v4(number: usize) -> IpAddr {
        IpAddr::V4(u32::try_from(number).unwrap().into())
    }

    /// Every place is taken, by sources with one of two calls left.
    fn crowded() -> Limiter {
        let limiter = Limiter::new(RateLimit { per_second: 1, burst: 2 });
        for number in 0..MAX_SOURCES {
            limiter.take(v4(number), 10_000).unwrap();
        }
        limiter
    }

    #[test]
    fn one_source_too_many_fills_nobodys_bucket() {
        let limiter = crowded();
        assert_eq!(limiter.take(v4(0), 10_000), Ok(()));
        for number in 0..2 {
            assert_eq!(limiter.take(v4(MAX_SOURCES + number), 10_000), Ok(()), "the newcomers' bucket");
        }
        assert_eq!(limiter.take(v4(MAX_SOURCES + 2), 10_000), Err(1), "newcomers share one");
        assert_eq!(limiter.take(v4(0), 10_000), Err(1), "who has used up its calls is not let off");
        assert_eq!(limiter.take(v4(1), 10_000), Ok(()), "who is known keeps its own");
        assert_eq!(limiter.buckets.lock().unwrap().of.len(), MAX_SOURCES);
    }

    #[test]
    fn full_buckets_are_looked_for_once_a_second() {
        let limiter = crowded();
        let sources = || limiter.buckets.lock().unwrap().of.len();
        // All but one are full again at 11,000; a newcomer had them searched at 10,500.
        limiter.take(v4(0), 10_400).unwrap();
        assert_eq!(limiter.take(v4(MAX_SOURCES), 10_500), Ok(()));
        assert_eq!(limiter.take(v4(MAX_SOURCES), 11_499), Ok(()));
        assert_eq!(sources(), MAX_SOURCES, "not yet");
        assert_eq!(limiter.take(v4(MAX_SOURCES), 11_500), Ok(()));
        assert_eq!(sources(), 2, "the one that is not full, and the newcomer");
    }
}
