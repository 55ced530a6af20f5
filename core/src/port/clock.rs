/// The time. Synchronous and cheap: it is asked on every request.
pub trait Clock: Send + Sync {
    /// The device's wall clock, Unix seconds. It may be wrong by hours and may jump: only days are judged by it.
    fn unix_seconds(&self) -> u64;

    /// Milliseconds since boot, time asleep included (`CLOCK_BOOTTIME`; Darwin's `CLOCK_MONOTONIC`). Never falls.
    fn boot_millis(&self) -> u64;
}
