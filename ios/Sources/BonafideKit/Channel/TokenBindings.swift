import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What the tokens of ``Bonafide/protect(_:binding:)`` are bound to, for the ``PinningDelegate`` that has to get another one
/// after a redirect. A token has one binding, and so names it: nothing is added to the request.
///
/// In memory, and the newest only: a redirect comes soon after its request.
final class TokenBindings: Sendable {
    private struct Content {
        var byToken = [String: Data]()
        /// Tokens, the oldest first.
        var order = [String]()
        var bytes = 0
    }

    static let shared = TokenBindings()

    private let content = Locked(Content())

    /// `token` is bound to `binding`.
    func keep(_ binding: Data, of token: String) {
        content.with { content in
            if let known = content.byToken.updateValue(binding, forKey: token) {
                // The core gives a token again while it lives.
                content.order.removeAll { $0 == token }
                content.bytes -= known.count
            }
            content.order.append(token)
            content.bytes += binding.count
            // The newest stays, whatever its size.
            while content.order.count > 1, content.order.count > Self.most || content.bytes > Self.mostBytes {
                content.bytes -= content.byToken.removeValue(forKey: content.order.removeFirst())?.count ?? 0
            }
        }
    }

    /// What the token of `request` is bound to; nil where it is bound to nothing.
    func binding(of request: URLRequest?) -> Data? {
        guard let headers = request?.allHTTPHeaderFields, !headers.isEmpty else { return nil }
        return content.with { content in headers.values.compactMap { content.byToken[$0] }.first }
    }

    static let most = 128
    static let mostBytes = 1 << 20
}
