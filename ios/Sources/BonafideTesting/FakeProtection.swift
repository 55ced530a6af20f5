import BonafideKit
import Foundation

/// A `Protection` for an app's tests: no core, no service, no network, and nothing to start. What it says of a host, the
/// test decides; what it is told, the test reads. From any thread.
///
/// It protects nothing. A host that the test has said nothing of is unlisted: allowed, unpinned, without a token.
public final class FakeProtection: Protection, @unchecked Sendable {
    private enum Behaviour {
        case allows(token: String, status: StatusCode?)
        case pins(certificates: [Data], reportOnly: Bool, token: String)
        case fails(StatusCode)
    }

    private let lock = NSLock()
    private var hosts = [String: Behaviour]()
    private var reported = [PinMismatch]()
    private var revision: UInt64 = 1

    public init() {}

    /// The token that requests carry, unless the test names another.
    public static let defaultToken = "token-of-a-test"

    /// The header that carries it.
    public static let tokenHeader = "Bonafide-Token"

    /// The mismatches that were reported, in order.
    public var mismatches: [PinMismatch] { locked { reported } }

    /// Requests to `host` carry `token`. No pin is checked, so that a test's server needs no certain certificate.
    public func protect(_ host: String, token: String = defaultToken) {
        set(host, .allows(token: token, status: nil))
    }

    /// As ``protect(_:token:)``, but no valid token could be had: the request leaves with `token` and with `status`.
    public func withoutValidToken(_ host: String, status: StatusCode = .noNetwork, token: String = defaultToken) {
        set(host, .allows(token: token, status: status))
    }

    /// Requests to `host` reach only a server whose validated chain holds one of `certificates`, in DER. With
    /// `reportOnly` others are reached as well, and reported.
    public func pin(_ host: String, to certificates: [Data], reportOnly: Bool = false) {
        set(host, .pins(certificates: certificates, reportOnly: reportOnly, token: Self.defaultToken))
    }

    /// No server of `host` has the right certificate: as behind a proxy that looks inside.
    public func intercept(_ host: String) {
        pin(host, to: [])
    }

    /// Requests to `host` fail with `code`, as where the config says `without_token: fail`.
    public func fail(_ host: String, _ code: StatusCode) {
        set(host, .fails(code))
    }

    /// Forgets what was said of `host`.
    public func forget(_ host: String) {
        set(host, nil)
    }

    private func set(_ host: String, _ behaviour: Behaviour?) {
        locked {
            hosts[host] = behaviour
            revision += 1
        }
    }

    private func of(_ host: String) -> Behaviour? { locked { hosts[host] } }

    private func locked<Value>(_ body: () -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }

    public var configRevision: UInt64 { locked { revision } }

    public func waitUntilStarted(within limit: TimeInterval) async throws {}

    public func rules(for host: String) throws -> HostRules {
        let (listed, pinned, enforced) =
            switch of(host) {
            case nil: (false, false, false)
            case .pins(_, let reportOnly, _): (true, true, !reportOnly)
            case .allows, .fails: (true, false, false)
            }
        return HostRules(
            listed: listed, enforced: enforced, pinned: pinned, protected: listed, pinSet: pinned ? host : "",
            tokenHeader: Self.tokenHeader)
    }

    public func checkPins(host: String, chain: [Data]) -> PinVerdict {
        guard case .pins(let certificates, let reportOnly, _) = of(host) else { return .unpinned }
        if let match = chain.firstIndex(where: certificates.contains) { return .pinned("certificate \(match)") }
        let mismatch = PinMismatch(
            host: host, expected: certificates.map { "a certificate of \($0.count) bytes" },
            served: chain.map { "a certificate of \($0.count) bytes" })
        return reportOnly ? .reportOnly(mismatch) : .mismatch(mismatch)
    }

    public func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict {
        checkPins(host: host, chain: chain)
    }

    public func reportMismatch(_ mismatch: PinMismatch) {
        locked { reported.append(mismatch) }
    }

    public func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String] {
        let host = url.host ?? ""
        switch of(host) {
        case nil: return [:]
        case .allows(let token, let status):
            var headers = [Self.tokenHeader: token]
            headers["Bonafide-Status"] = status?.rawValue
            return headers
        case .pins(_, _, let token): return [Self.tokenHeader: token]
        case .fails(let code): throw BonafideError(code, facts: ["host": host])
        }
    }
}
