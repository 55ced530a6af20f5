import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The system's sessions behind a ``BonafideSession``, and those that they have replaced.
///
/// One for each set of pins: the system may send a request over a connection of HTTP/2 that it has to another host of the
/// same certificate, and that was challenged for the other host alone.
///
/// After a new config the next task goes to a new session: a resumed TLS session shows no certificates, and so would go
/// by the old pins. The old one finishes what it has under way. A background session cannot be replaced, since the system
/// knows it by its identifier.
final class InnerSessions: Sendable {
    /// One session of the system's. What changes of it is guarded by the lock around ``Content``.
    private final class Inner: @unchecked Sendable {
        enum End { case finishing, cancelling }

        let session: URLSession
        let relay: SessionRelay
        let revision: UInt64
        /// How many tasks are being made in it now. The system may call the app's delegate while it makes one
        /// (`urlSession(_:didCreateTask:)`), so that no lock is held then; and it raises an exception for a task in a
        /// session that was invalidated, so that an end waits for the last maker.
        var makers = 0
        /// The end that waits, or has come.
        private(set) var end: End?
        private var done: End?

        init(session: URLSession, relay: SessionRelay, revision: UInt64) {
            (self.session, self.relay, self.revision) = (session, relay, revision)
        }

        /// Under the lock. Returns what is left to be done outside of it.
        func end(_ wanted: End) -> (() -> Void)? {
            // A cancellation is never taken back.
            if end != .cancelling { end = wanted }
            if wanted == .cancelling { relay.cancels() }
            return ready()
        }

        /// Under the lock: the end, once nobody makes a task any more.
        func ready() -> (() -> Void)? {
            guard makers == 0, let end, end != done else { return nil }
            done = end
            return { [session] in
                switch end {
                case .finishing: session.finishTasksAndInvalidate()
                case .cancelling: session.invalidateAndCancel()
                }
            }
        }
    }

    private struct Content {
        /// By ``HostRules/pinSet``.
        var current = [String: Inner]()
        var retired = [ObjectIdentifier: Inner]()
        var isEnded = false
        var isCancelled = false
        /// Requests that wait for their token.
        var waiting = [ObjectIdentifier: Answer<URLRequest>]()
    }

    private let content = Locked(Content())
    private let protection: any Protection
    private let wait: TimeInterval
    private let configuration: Carried<URLSessionConfiguration>
    private let delegate: (any URLSessionDelegate)?
    private let queue: Carried<OperationQueue>

    init(
        protection: any Protection, wait: TimeInterval, configuration: URLSessionConfiguration,
        delegate: (any URLSessionDelegate)?, queue: OperationQueue?
    ) {
        (self.protection, self.wait, self.delegate) = (protection, wait, delegate)
        self.configuration = Carried(configuration)
        // One for all, as the app's delegate knows it from a session of its own.
        self.queue = Carried(queue ?? Self.serial())
    }

    var isBackground: Bool { configuration.value.identifier != nil }

    /// Makes a task in the session for `url` and the config in force, and hands it over before it can be lost to an
    /// invalidation. No lock is held while `make` is called: it may end this, and make another.
    ///
    /// - Parameter goesOn: whether it is for a request that is under way, which an end that does not cancel lets finish.
    /// - Throws: `URLError`, after the end `cancelled`.
    func make<Made: URLSessionTask>(
        for url: URL?, goesOn: Bool = false, _ make: (URLSession) throws -> Made, registered: (Made, SessionRelay) -> Void
    ) throws -> Made {
        // Before the session is looked at: a config that comes meanwhile is as new to it as one that comes after.
        let revision = protection.configRevision
        let rules = isBackground ? nil : try rules(of: url)
        let pins = rules?.pinSet ?? ""
        let (inner, ends) = try content.with { content in
            guard !content.isEnded || goesOn && !content.isCancelled else { throw URLError(.cancelled) }
            var ends = [() -> Void]()
            // What was ended takes no task.
            for (pins, old) in content.current where (old.revision < revision || old.end != nil) && !isBackground {
                content.retired[ObjectIdentifier(old.relay)] = old
                content.current[pins] = nil
                if let end = old.end(.finishing) { ends.append(end) }
            }
            let inner = content.current[pins] ?? open(pins, revision, tokenHeader: rules?.tokenHeader)
            content.current[pins] = inner
            inner.makers += 1
            // For this task alone: it waits for its maker.
            if content.isEnded { _ = inner.end(.finishing) }
            return (inner, ends)
        }
        for end in ends { end() }
        var made: Made?
        defer {
            let (isCancelled, end) = content.with { _ in
                inner.makers -= 1
                return (inner.end == .cancelling, inner.ready())
            }
            if isCancelled { made?.cancel() }
            end?()
        }
        let task = try make(inner.session)
        made = task
        registered(task, inner.relay)
        // Set while the task was made: nobody has resumed it yet. A background session knows no delegates of tasks.
        if !isBackground { inner.relay.guards(task) }
        return task
    }

    private static func serial() -> OperationQueue {
        let queue = OperationQueue()
        (queue.name, queue.maxConcurrentOperationCount) = ("io.bonafide.session", 1)
        return queue
    }

    private func rules(of url: URL?) throws -> HostRules {
        do { return try protection.rules(for: Target(url).host) } catch {
            throw error.bonafide?.asURLError(for: url) ?? error
        }
    }

    #if os(Linux)
        private static let kept = Locked([URLSession]())
    #endif

    /// The system hands over what became of a background session's transfers once the app has made the session again.
    func takeUpBackground() {
        guard isBackground else { return }
        content.with { $0.current[""] = open("", protection.configRevision) }
    }

    private func open(_ pins: String, _ revision: UInt64, tokenHeader: String? = nil) -> Inner {
        let isPinned = !pins.isEmpty || isBackground
        let relay = SessionRelay(
            forwardingTo: delegate, protection: protection, wait: wait,
            belongs: { [protection] request in
                // A host without pins is no exception: its server may show a certificate for a pinned host as well, and
                // would be sent the next request for that.
                try protection.rules(for: Target(request.url).host).pinSet == pins
            },
            onMove: { [weak self] handler, request in
                guard let self else { throw URLError(.cancelled) }
                try make(
                    for: request.url, goesOn: true, { try handler.next(in: $0, request) }, registered: { $1.run($0, by: handler) }
                ).resume()
            },
            onStray: { [weak self, protection] relay, request in
                guard try !protection.rules(for: Target(request.url).host).pinned else { return false }
                self?.retire(relay)
                return true
            },
            // Held until then, so that the app's delegate hears of the end of a session that nobody holds.
            onInvalid: { [self] relay, session, error in invalidated(relay, session, error) })
        let own = InnerConfiguration.make(of: configuration.value, isPinned: isPinned, tokenHeader: tokenHeader)
        let session = URLSession(configuration: own, delegate: relay, delegateQueue: queue.value)
        #if os(Linux)
            // Foundation on Linux ends the process now and then when a session goes away, so here none does.
            Self.kept.with { $0.append(session) }
        #endif
        return Inner(session: session, relay: relay, revision: revision)
    }

    /// Its session finishes what it has under way, and gets no further task.
    private func retire(_ relay: SessionRelay) {
        let end = content.with { content -> (() -> Void)? in
            guard let (pins, inner) = content.current.first(where: { $1.relay === relay }) else { return nil }
            content.current[pins] = nil
            content.retired[ObjectIdentifier(relay)] = inner
            return inner.end(.finishing)
        }
        end?()
    }

    /// The app's delegate hears of the end once, and not of a change of pins.
    private func invalidated(_ relay: SessionRelay, _ session: URLSession, _ error: (any Error)?) {
        let last = content.with { content in
            content.retired[ObjectIdentifier(relay)] = nil
            content.current = content.current.filter { $1.relay !== relay }
            return content.isEnded && content.current.isEmpty && content.retired.isEmpty
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
        let (ends, waiting) = content.with { content in
            // Without a request there was no session of the system's, whose end the app's delegate could hear of.
            if !content.isEnded, content.current.isEmpty, content.retired.isEmpty, delegate != nil {
                content.current[""] = open("", protection.configRevision)
            }
            content.isEnded = true
            if cancelling { content.isCancelled = true }
            let sessions = Array(content.current.values) + Array(content.retired.values)
            return (sessions.compactMap { $0.end(cancelling ? .cancelling : .finishing) }, Array(content.waiting.values))
        }
        // Neither kind of end lets a request begin that has not.
        for answer in waiting { answer.give(.failure(URLError(.cancelled))) }
        for end in ends { end() }
    }
}
