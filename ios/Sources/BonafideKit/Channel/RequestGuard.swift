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
        var unwanted = Self.own.union(headers.keys.map { $0.lowercased() })
        // An operator may have chosen a name that other hosts know too, such as Authorization.
        for rules in [rules, try rulesOfSource(from)] where rules?.protected == true {
            unwanted.insert(rules?.tokenHeader.lowercased() ?? "")
        }
        var request = request
        for name in (request.allHTTPHeaderFields ?? [:]).keys where unwanted.contains(name.lowercased()) {
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

    private func rulesOfSource(_ url: URL?) throws -> HostRules? {
        guard let url else { return nil }
        return try protection.rules(for: try Target(url).host)
    }

    /// Headers of a configuration are added to every request, whatever its host.
    static func clean(_ configuration: URLSessionConfiguration) {
        configuration.httpAdditionalHeaders = configuration.httpAdditionalHeaders?.filter { name, _ in
            !own.contains("\(name)".lowercased())
        }
    }

    private static let own: Set = ["bonafide-token", "bonafide-status"]
}
