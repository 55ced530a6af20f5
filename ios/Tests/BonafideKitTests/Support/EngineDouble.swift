import Foundation

@testable import BonafideKit

/// An engine whose answers are the test's; `hold` keeps its tokens back.
final class EngineDouble: Engine {
    let hold = Locked(false)
    let stops = Locked(0)
    let asked = Locked([String]())

    func revision() -> UInt64 { 1 }

    func rules(host: String) throws -> HostRules {
        HostRules(listed: true, enforced: true, pinned: true, protected: true, pinSet: "", tokenHeader: "Bonafide-Token")
    }

    func checkPins(host: String, chain: [Data]) -> PinVerdict { .pinned("sha256/x") }
    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict { .unpinned }
    func reportMismatch(_ mismatch: PinMismatch, enforced: Bool) {}

    func token(host: String, binding: Data?, within limit: TimeInterval) async throws -> Lease {
        asked.with { $0.append(Thread.isMainThread ? "main" : host) }
        while hold.now { await Task.yield() }
        return Lease(header: "Bonafide-Token", token: "t", status: nil)
    }

    func setUserProperty(_ value: String?) throws -> String? {
        asked.with { $0.append("user \(value ?? "nil")") }
        return nil
    }

    func refresh(within limit: TimeInterval) async throws -> Bool { true }
    func precheck(within limit: TimeInterval) async throws {}
    func installationId() -> String? { "id" }
    func status() throws -> ProtectionStatus { ProtectionStatus(phase: .running) }
    func stop() { stops.with { $0 += 1 } }
}
