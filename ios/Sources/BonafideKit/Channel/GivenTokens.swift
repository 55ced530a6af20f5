import Foundation

/// The tokens that were given out lately. Under a name that HTTP has for everybody, such as Authorization, only the value
/// tells a token from what the app itself sends to a stranger.
final class GivenTokens: Sendable {
    private struct Content {
        /// Their hashes, of this process alone: the tokens themselves need not be kept.
        var known = Set<Int>()
        /// The oldest first.
        var order = [Int]()
    }

    static let shared = GivenTokens()

    private let content = Locked(Content())

    func keep(_ token: String) {
        let hash = token.hashValue
        content.with { content in
            guard content.known.insert(hash).inserted else { return }
            content.order.append(hash)
            if content.order.count > Self.most { content.known.remove(content.order.removeFirst()) }
        }
    }

    func contains(_ value: String) -> Bool {
        content.with { $0.known.contains(value.hashValue) }
    }

    /// Far more than live at a time.
    static let most = 1024
}
