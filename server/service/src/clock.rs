//! The time, as a port: tests bring their own.

use std::time::{SystemTime, UNIX_EPOCH};

/// The service's clock. Called from many threads; must not block.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    fn unix_millis(&self) -> u64;

    /// Seconds since 1970-01-01T00:00:00Z.
    fn unix_seconds(&self) -> u64 {
        self.unix_millis() / 1000
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> u64 {
        // A clock before 1970 is as good as none: everything then counts as expired.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(0))
    }
}
