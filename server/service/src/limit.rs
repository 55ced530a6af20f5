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

/// The most sources that are remembered. Beyond, those whose buckets are full again are forgotten first.
const MAX_SOURCES: usize = 100_000;

struct Bucket {
    /// In thousandths of a call.
    level: u64,
    at_millis: u64,
}

/// The buckets of all sources.
pub(crate) struct Limiter {
    limit: RateLimit,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one call from the source's bucket; otherwise how many seconds to wait.
    pub(crate) fn take(&self, source: IpAddr, now_millis: u64) -> Result<(), u64> {
        let full = u64::from(self.limit.burst).max(1) * 1000;
        let rate = u64::from(self.limit.per_second).max(1);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_SOURCES {
            buckets.retain(|_, bucket| bucket.level + now_millis.saturating_sub(bucket.at_millis) * rate < full);
            if buckets.len() >= MAX_SOURCES {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(source)).or_insert(Bucket { level: full, at_millis: now_millis });
        // A clock that was set back refills nothing.
        let gained = now_millis.saturating_sub(bucket.at_millis).saturating_mul(rate);
        bucket.level = bucket.level.saturating_add(gained).min(full);
        bucket.at_millis = now_millis;
        match bucket.level.checked_sub(1000) {
            Some(left) => {
                bucket.level = left;
                Ok(())
            }
            None => Err((1000 - bucket.level).div_ceil(rate * 1000).max(1)),
        }
    }
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

    #[test]
    fn the_number_of_sources_is_bounded() {
        let limiter = Limiter::new(RateLimit { per_second: 1, burst: 10 });
        for number in 0..u32::try_from(MAX_SOURCES).unwrap() + 10 {
            limiter.take(IpAddr::V4(number.into()), 0).unwrap();
        }
        assert!(limiter.buckets.lock().unwrap().len() <= MAX_SOURCES);
    }
}
