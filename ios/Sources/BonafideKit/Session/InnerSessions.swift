import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The system's session behind a ``BonafideSession``, and those that it has replaced.
///
/// After a new config the next task goes to a new session: a resumed TLS session shows no certificates, and so would go
/// by the old pins. The old one finishes what it has under way. A background session cannot be replaced, since the system
/// knows it by its identifier.
final class InnerSessions: Sendable {
    private struct Inner {
        let session: URLSession
        let relay: SessionRelay
        let revision: UInt64
    }

    private struct Content {
        var current: Inner?
        var retired = [ObjectIdentifier: URLSession]()
        var isEnded = false
        /// Requests that wait for their token.
        var waiting = [ObjectIdentifier: Answer<URLRequest>]()
    }

    private let content = Locked(Content())
    private let protection: any Protection
    private let wait: TimeInterval
    private let configuration: Carried<URLSessionConfiguration>
    private let delegate: (any URLSessionDelegate)?
    private let queue: Carried<OperationQueue?>

    init(
        protection: any Protection, wait: TimeInterval, configuration: URLSessionConfiguration,
        delegate: (any URLSessionDelegate)?, queue: OperationQueue?
    ) {
        (self.protection, self.wait, self.delegate) = (protection, wait, delegate)
        self.configuration = Carried(configuration)
        self.queue = Carried(queue)
    }

    var isBackground: Bool { configuration.value.identifier != nil }

    /// Makes a task in the session for the config in force, and hands it over before it can be lost to an invalidation.
    ///
    /// - Throws: `URLError.cancelled` after the end.
    func make<Made: URLSessionTask>(
        _ make: (URLSession) -> Made, registered: (Made, SessionRelay) -> Void
    ) throws -> Made {
        // Before the session is looked at: a config that comes meanwhile is as new to it as one that comes after.
        let revision = protection.configRevision
        return try content.with { content in
            guard !content.isEnded else { throw URLError(.cancelled) }
            if let old = content.current, old.revision < revision, !isBackground {
                content.retired[ObjectIdentifier(old.relay)] = old.session
                content.current = nil
                old.session.finishTasksAndInvalidate()
            }
            let inner = content.current ?? open(revision)
            content.current = inner
            let task = make(inner.session)
            registered(task, inner.relay)
            return task
        }
    }

    #if os(Linux)
        private static let kept = Locked([URLSession]())
    #endif

    private func open(_ revision: UInt64) -> Inner {
        let relay = SessionRelay(forwardingTo: delegate, protection: protection, wait: wait) { [weak self] relay, session, error in
            self?.invalidated(relay, session, error)
        }
        // Foundation copies the configuration.
        let session = URLSession(configuration: configuration.value, delegate: relay, delegateQueue: queue.value)
        #if os(Linux)
            // Foundation on Linux ends the process now and then when a session goes away, so here none does.
            Self.kept.with { $0.append(session) }
        #endif
        return Inner(session: session, relay: relay, revision: revision)
    }

    /// The app's delegate hears of the end once, and not of a change of pins.
    private func invalidated(_ relay: SessionRelay, _ session: URLSession, _ error: (any Error)?) {
        let last = content.with { content in
            content.retired[ObjectIdentifier(relay)] = nil
            if content.current?.relay === relay { content.current = nil }
            return content.isEnded && content.current == nil && content.retired.isEmpty
        }
        if last { Forward.invalidated(session, error, to: delegate) }
    }

    /// Waits for a request to get its token, and no longer than the session lives.
    func whileOpen(_ work: @escaping @Sendable () async throws -> URLRequest) async throws -> URLRequest {
        let answer = Answer<URLRequest>()
        try content.with { content in
            guard !content.isEnded else { throw URLError(.cancelled) }
            content.waiting[ObjectIdentifier(answer)] = answer
        }
        let working = Task {
            do { answer.give(.success(try await work())) } catch { answer.give(.failure(error)) }
        }
        defer {
            working.cancel()
            content.with { _ = $0.waiting.removeValue(forKey: ObjectIdentifier(answer)) }
        }
        return try await answer.value()
    }

    func end(cancelling: Bool) {
        let (sessions, waiting) = content.with { content in
            content.isEnded = true
            return ((content.current.map { [$0.session] } ?? []) + Array(content.retired.values), Array(content.waiting.values))
        }
        // Neither kind of end lets a request begin that has not.
        for answer in waiting { answer.give(.failure(URLError(.cancelled))) }
        for session in sessions { cancelling ? session.invalidateAndCancel() : session.finishTasksAndInvalidate() }
    }
}
