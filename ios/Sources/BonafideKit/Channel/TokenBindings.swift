import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What the tokens of ``Bonafide/protect(_:binding:)`` are bound to, for the ``PinningDelegate`` that has to get another one
/// after a redirect. A token has one binding, and so names it: nothing is added to the request.
///
/// A binding may be a user's own secret, so none outlives what it is for: that of a task goes with the task, and that of a
/// request soon after its last `protect`. In memory, and the newest only.
final class TokenBindings: Sendable {
    private struct Kept {
        let binding: Data
        let since: TimeInterval
    }

    /// The task is known, and not held: where it ends with a completion handler, no delegate hears of it.
    private struct Held {
        weak var task: URLSessionTask?
        let binding: Data
    }

    private struct Content {
        var byToken = [String: Kept]()
        /// Tokens, the oldest first.
        var order = [String]()
        var bytes = 0
        var byTask = [ObjectIdentifier: Held]()
        var isSweepDue = false
    }

    static let shared = TokenBindings()

    private let content = Locked(Content())
    private let now: @Sendable () -> TimeInterval
    private let later: @Sendable (TimeInterval, @escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - now: seconds that never go back; a test's stand still.
    ///   - later: calls after that many seconds.
    init(
        now: @escaping @Sendable () -> TimeInterval = bootSeconds,
        later: @escaping @Sendable (TimeInterval, @escaping @Sendable () -> Void) -> Void = {
            DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + $0, execute: $1)
        }
    ) {
        (self.now, self.later) = (now, later)
    }

    /// `token` is bound to `binding`.
    func keep(_ binding: Data, of token: String) {
        let now = now()
        let isFirst = content.with { content in
            if let known = content.byToken.updateValue(Kept(binding: binding, since: now), forKey: token) {
                // The core gives a token again while it lives.
                content.order.removeAll { $0 == token }
                content.bytes -= known.binding.count
            }
            content.order.append(token)
            content.bytes += binding.count
            // The newest stays, whatever its size.
            while content.order.count > 1, content.order.count > Self.most || content.bytes > Self.mostBytes {
                Self.dropOldest(&content)
            }
            defer { content.isSweepDue = true }
            return !content.isSweepDue
        }
        if isFirst { sweepsLater() }
    }

    /// A task has been made: what its request's token is bound to stays known for as long as it runs.
    func hold(for task: URLSessionTask) {
        guard let binding = binding(of: task.originalRequest) else { return }
        content.with { $0.byTask[ObjectIdentifier(task)] = Held(task: task, binding: binding) }
    }

    /// A task has ended.
    func release(_ task: URLSessionTask) {
        content.with { _ = $0.byTask.removeValue(forKey: ObjectIdentifier(task)) }
    }

    /// What the token that `task` began with is bound to; nil where it is bound to nothing.
    func binding(of task: URLSessionTask) -> Data? {
        // Another one may be where one that is gone was.
        let held = content.with { $0.byTask[ObjectIdentifier(task)].flatMap { $0.task === task ? $0.binding : nil } }
        return held ?? binding(of: task.originalRequest)
    }

    /// What the token of `request` is bound to; nil where it is bound to nothing.
    func binding(of request: URLRequest?) -> Data? {
        guard let headers = request?.allHTTPHeaderFields, !headers.isEmpty else { return nil }
        let oldest = now() - Self.life
        return content.with { content in
            headers.values.compactMap { content.byToken[$0] }.first { $0.since > oldest }?.binding
        }
    }

    /// How many are in memory.
    var count: Int { content.with { $0.byToken.count + $0.byTask.count } }

    private func sweepsLater() {
        later(Self.life) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let oldest = now() - Self.life
        let isMore = content.with { content in
            while let token = content.order.first, let kept = content.byToken[token], kept.since <= oldest {
                Self.dropOldest(&content)
            }
            content.byTask = content.byTask.filter { $1.task != nil }
            content.isSweepDue = !content.byToken.isEmpty || !content.byTask.isEmpty
            return content.isSweepDue
        }
        if isMore { sweepsLater() }
    }

    private static func dropOldest(_ content: inout Content) {
        content.bytes -= content.byToken.removeValue(forKey: content.order.removeFirst())?.binding.count ?? 0
    }

    static let most = 128
    static let mostBytes = 1 << 20
    /// Twice as long as a token lives. Before iOS 16 nobody says that a task was made: a request that is redirected later
    /// than that goes on with a token that is bound to nothing.
    static let life: TimeInterval = 600
}
