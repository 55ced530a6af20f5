import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What protects an app's requests: the pins of its hosts and the tokens for its API.
///
/// An ordinary object; an app that talks for two accounts makes two. Every function may be called from any thread.
/// `async` functions may wait for the network and end at once when cancelled; all others return without I/O. Times are
/// seconds.
public protocol Protection: AnyObject, Sendable {
    /// Rises with every change of config that a connection has to be rechecked for; 0 while not started.
    var configRevision: UInt64 { get }

    /// Waits until started, at most `limit` seconds; returns at once when it is.
    ///
    /// - Throws: ``BonafideError`` `notStarted` when that does not happen in time, or what stopped the start.
    func waitUntilStarted(within limit: TimeInterval) async throws

    /// What the config in force says of `host`; the same until ``configRevision`` changes.
    ///
    /// - Throws: ``BonafideError`` while not started.
    func rules(for host: String) throws -> HostRules

    /// Checks a *validated* chain in DER, leaf first, against the pins of `host`; the same until ``configRevision``
    /// changes. No I/O. What goes wrong is a mismatch, and so is an empty chain.
    func checkPins(host: String, chain: [Data]) -> PinVerdict

    /// After a mismatch: asks for a newer config once (single flight, rate-limited per host, at most `limit` seconds)
    /// and checks again.
    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict

    /// Tells the service, once a day for the same host and chain, of a mismatch that stood. Queued; returns at once.
    func reportMismatch(_ mismatch: PinMismatch)

    /// The headers that a request to `url` leaves with: the token and, when no valid one could be had in time, the
    /// status. Empty for a host that is not protected.
    ///
    /// - Parameters:
    ///   - binding: data that the token is bound to (its SHA-256 becomes the claim `pay`), or nil.
    ///   - limit: the most that this may wait, in seconds; 0 takes what is there.
    /// - Throws: ``BonafideError`` only when the host's config says `without_token: fail`, while not started, or for a
    ///   URL that may not be requested at all.
    func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String]
}

extension Protection {
    /// ``headers(for:binding:within:)`` within five seconds.
    public func headers(for url: URL, binding: Data? = nil) async throws -> [String: String] {
        try await headers(for: url, binding: binding, within: defaultWait)
    }
}

extension Protection {
    /// For a `URLSession` of the app's own: gives `request` the headers that it needs, and takes away those of Bonafide's
    /// that are not for its host. The session needs a ``PinningDelegate`` as well, for the pins and for redirects. A
    /// token lives for minutes: protect a request right before it is sent, and each anew.
    ///
    /// - Parameter binding: data that the token is bound to (its SHA-256 becomes the claim `pay`), or nil. Kept in memory for
    ///   ten minutes, and while a request with the token is known to run, for the token after a redirect.
    /// - Throws: ``BonafideError``, where the request must not leave.
    public func protect(_ request: inout URLRequest, binding: Data? = nil) async throws {
        request = try await RequestGuard(protection: self, wait: defaultWait).protect(request, binding: binding)
    }
}

/// The most that one request waits for Bonafide: for the start, newer pins and a token together.
let defaultWait: TimeInterval = 5
