import Foundation

/// How a ``BonafideProtection`` is doing: a copy that does not change.
public struct ProtectionStatus: Sendable {
    /// How far a protection has come.
    public enum Phase: String, Sendable {
        /// `start` has not been called.
        case notStarted
        /// `start` was called and is at work.
        case starting
        /// It protects.
        case running
        /// The start failed; `start` may be called again.
        case failed
        /// It was closed, for good.
        case closed
    }

    /// How far it has come.
    public let phase: Phase
    /// What stopped the start; nil unless the phase is `failed`.
    public internal(set) var failure: BonafideError?
    /// Counts the configs of this process, from 1; 0 while not started.
    public internal(set) var configRevision: UInt64 = 0
    /// The epoch of the config in force; 0 while not started.
    public internal(set) var epoch: UInt64 = 0
    /// The version of the config in force; 0 while not started.
    public internal(set) var version: UInt64 = 0
    /// Since the service was last heard of, in seconds; nil: never.
    public internal(set) var lastContact: TimeInterval?
    /// Why the last try for a config failed; nil when it succeeded or there was none.
    public internal(set) var configFailure: StatusCode?
    /// Why the last try for a token failed; nil when it succeeded or there was none.
    public internal(set) var tokenFailure: StatusCode?
    /// Why the last try to send reports failed; nil when it succeeded or there was none.
    public internal(set) var reportFailure: StatusCode?
    /// Why what is learnt does not survive the process; nil when it does.
    public internal(set) var memoryOnly: String?
    /// What became of the stored config at start: `absent`, `used`, `superseded`, `damaged`, `restored`, `untrusted` or
    /// `unreadable`; nil while not started.
    public internal(set) var storedRecord: String?
    /// How the install key is held: `hardware`, `platform` or `software`; nil before its first use.
    public internal(set) var keyLevel: String?
    /// The id of the development key that this build carries; nil for a build as it is released.
    public internal(set) var developmentKey: String?
    /// The trace id of the last token request: the service's log and the gateway's have it too.
    public internal(set) var tokenTrace: String?
    /// The id that the service gave this installation; nil before it did.
    public internal(set) var installationId: String?

    init(phase: Phase, failure: BonafideError? = nil) {
        self.phase = phase
        self.failure = failure
    }
}
