//! Time as a port, so that expiry is tested without waiting for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the gateway's time comes from. Cheap, and called from any thread.
pub trait Clock: Send + Sync {
    /// Unix seconds, which tokens are judged by.
    fn unix_seconds(&self) -> u64;

    /// Time since some fixed moment, never going back: what the floor between two fetches is measured with.
    fn elapsed(&self) -> Duration;
}

/// The system's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose [`Clock::elapsed`] begins now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn unix_seconds(&self) -> u64 {
        // Before 1970 every token is from the future and refused, which is the safe reading of such a clock.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
