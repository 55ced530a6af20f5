import Foundation

/// A started core. One implementation calls the native library; tests make others.
protocol Engine: AnyObject, Sendable {
    func revision() -> UInt64
    func rules(host: String) throws -> HostRules
    func checkPins(host: String, chain: [Data]) -> PinVerdict
    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict
    func reportMismatch(_ mismatch: PinMismatch, enforced: Bool)
    func token(host: String, binding: Data?, within limit: TimeInterval) async throws -> Lease
    /// Answers why `value` cannot be it, or nil.
    func setUserProperty(_ value: String?) throws -> String?
    func refresh(within limit: TimeInterval) async throws -> Bool
    func precheck(within limit: TimeInterval) async throws
    func installationId() -> String?
    func status() throws -> ProtectionStatus
    /// Ends all work; waiting calls fail. Twice is harmless.
    func stop()
}

/// Who is told of changes, from any thread. Must not call back into the engine.
struct EngineEvents: Sendable {
    let onRevision: @Sendable (UInt64) -> Void
    let onStatus: @Sendable () -> Void
}

/// Starts an engine. May block.
typealias EngineStarter = @Sendable (Settings, EngineEvents) throws -> any Engine

/// What a request to a protected host leaves with.
struct Lease: Sendable {
    let header: String
    let token: String?
    let status: StatusCode?

    /// The headers of a request that leaves with this.
    var headers: [String: String] {
        var headers = [String: String]()
        headers[header] = token
        headers[statusHeader] = status?.rawValue
        return headers
    }
}

let statusHeader = "Bonafide-Status"
