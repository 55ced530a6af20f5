use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::port::Clock;

/// The operating system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The clock that runs while the device sleeps.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: ClockId = ClockId::Boottime;
/// Darwin's monotonic clock counts time asleep, as Linux's does not.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: ClockId = ClockId::Monotonic;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this adapter is where the wall clock is read")]
    fn unix_seconds(&self) -> u64 {
        // A clock before 1970 is as wrong as one at 1970.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn boot_millis(&self) -> u64 {
        let time = clock_gettime(BOOT);
        let part = |value: i64| u64::try_from(value).unwrap_or(0);
        part(time.tv_sec) * 1000 + part(time.tv_nsec) / 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_run() {
        let before = SystemClock.boot_millis();
        assert!(before > 0);
        assert!(SystemClock.boot_millis() >= before);
        assert!(SystemClock.unix_seconds() > 1_700_000_000);
    }
}
