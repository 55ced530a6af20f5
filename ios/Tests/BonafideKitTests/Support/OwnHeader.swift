import BonafideTesting
import Foundation

@testable import BonafideKit

/// A fake whose config names another header for the token.
final class OwnHeader: Protection {
    let fake = FakeProtection()
    private let name: String

    init(_ name: String) {
        self.name = name
    }

    var configRevision: UInt64 { fake.configRevision }
    func waitUntilStarted(within limit: TimeInterval) async throws {}

    func rules(for host: String) throws -> HostRules {
        let rules = try fake.rules(for: host)
        return HostRules(
            listed: rules.listed, enforced: rules.enforced, pinned: rules.pinned, protected: rules.protected, pinSet: rules.pinSet,
            tokenHeader: name)
    }

    func checkPins(host: String, chain: [Data]) -> PinVerdict { fake.checkPins(host: host, chain: chain) }

    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict {
        checkPins(host: host, chain: chain)
    }

    func reportMismatch(_ mismatch: PinMismatch) { fake.reportMismatch(mismatch) }

    func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String] {
        var headers = try await fake.headers(for: url, binding: binding, within: limit)
        headers[name] = headers.removeValue(forKey: FakeProtection.tokenHeader)
        return headers
    }
}
