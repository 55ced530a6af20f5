import Foundation

/// One limit for several waits, running from now on.
struct Budget: Sendable {
    private let end: TimeInterval

    init(_ limit: TimeInterval) {
        end = bootSeconds() + max(0, limit)
    }

    /// What is left, in seconds; never negative.
    var left: TimeInterval { max(0, end - bootSeconds()) }
}

/// Seconds since boot, sleep included.
func bootSeconds() -> TimeInterval {
    var time = timespec()
    #if canImport(Darwin)
        clock_gettime(CLOCK_MONOTONIC, &time)
    #else
        clock_gettime(CLOCK_BOOTTIME, &time)
    #endif
    return TimeInterval(time.tv_sec) + TimeInterval(time.tv_nsec) / 1e9
}

extension TimeInterval {
    /// Whole milliseconds for the core; never negative, and bounded where no number is.
    var milliseconds: UInt64 {
        UInt64(Swift.min(Swift.max(0, isNaN ? 0 : self * 1000), 86_400_000))
    }
}
