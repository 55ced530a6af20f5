import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Gives a request what its host needs, and takes away what is not for its host.
struct RequestGuard: Sendable {
    let protection: any Protection
    /// The most that one request waits, in seconds.
    let wait: TimeInterval

    /// - Parameter from: where a redirect comes from: what that host's request carried must not follow it elsewhere.
    func prepare(_ request: URLRequest, binding: Data?, from: URL? = nil) async throws -> URLRequest {
        let target = try Target(request.url)
        let budget = Budget(wait)
        if protection.configRevision == 0 { try await protection.waitUntilStarted(within: budget.left) }
        let rules = try protection.rules(for: target.host)
        if target.cleartext, rules.pinned || rules.protected { throw target.cleartextRefusal }
        var headers = [String: String]()
        if rules.protected, let url = request.url {
            headers = try await protection.headers(for: url, binding: binding, within: budget.left)
        }
        if let token = headers[rules.tokenHeader] { GivenTokens.shared.keep(token) }
        var unwanted = Self.own.union(headers.keys.map { $0.lowercased() })
        if rules.protected || !Self.everybodys.contains(rules.tokenHeader.lowercased()) {
            unwanted.insert(rules.tokenHeader.lowercased())
        }
        // What a protected host was sent under that name follows no redirect, whoever set it.
        if let source = try rulesOfSource(from), source.protected { unwanted.insert(source.tokenHeader.lowercased()) }
        var request = request
        for (name, value) in request.allHTTPHeaderFields ?? [:]
        where unwanted.contains(name.lowercased()) || !rules.protected && GivenTokens.shared.contains(value) {
            request.setValue(nil, forHTTPHeaderField: name)
        }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        return request
    }

    /// For a session of the app's own: what the token is bound to is kept for its ``PinningDelegate``.
    func protect(_ request: URLRequest, binding: Data?) async throws -> URLRequest {
        let prepared = try await prepare(request, binding: binding)
        let rules = try protection.rules(for: Target(prepared.url).host)
        if rules.protected, let binding, let token = prepared.value(forHTTPHeaderField: rules.tokenHeader) {
            TokenBindings.shared.keep(binding, of: token)
        }
        return prepared
    }

    /// Whether requests to `url` carry a token; true where that cannot be told.
    func protects(_ url: URL?) -> Bool {
        do { return try protection.rules(for: Target(url).host).protected } catch { return true }
    }

    private func rulesOfSource(_ url: URL?) throws -> HostRules? {
        guard let url else { return nil }
        return try protection.rules(for: try Target(url).host)
    }

    /// Headers of a configuration are added to every request, whatever its host.
    ///
    /// - Parameter tokenHeader: as far as it is known: the config names it.
    static func clean(_ configuration: URLSessionConfiguration, tokenHeader: String? = nil) {
        let named = tokenHeader.map { $0.lowercased() }.flatMap { everybodys.contains($0) ? nil : $0 }
        configuration.httpAdditionalHeaders = configuration.httpAdditionalHeaders?.filter { name, _ in
            !own.contains("\(name)".lowercased()) && "\(name)".lowercased() != named
        }
    }

    private static let own: Set = ["bonafide-token", "bonafide-status"]

    /// Names that every host knows (RFC 9110): an operator may have chosen one for the token, and the app may have something
    /// else under it for another host.
    private static let everybodys: Set = [
        "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "content-type", "from", "origin",
        "pragma", "proxy-authorization", "range", "referer", "user-agent",
    ]
}
