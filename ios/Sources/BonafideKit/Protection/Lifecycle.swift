import Foundation

/// Not started, starting, running, failed, closed; and who waits for the next.
final class Lifecycle: Sendable {
    private enum State: Sendable {
        case notStarted
        case starting(timeout: TimeInterval)
        case running(any Engine, timeout: TimeInterval)
        case failed(BonafideError)
        case closed
    }

    private struct Content {
        var state = State.notStarted
        var waiting = [ObjectIdentifier: Answer<any Engine>]()
        var revision: UInt64 = 0
    }

    private let content = Locked(Content())
    private let starter: EngineStarter
    private let onChange: @Sendable () -> Void

    init(starter: @escaping EngineStarter, onChange: @escaping @Sendable () -> Void) {
        (self.starter, self.onChange) = (starter, onChange)
    }

    /// 0 until something runs: the core tells of its first config before the start has ended, and who sees a revision does
    /// not wait any more.
    var revision: UInt64 {
        content.with { content in
            switch content.state {
            case .notStarted, .starting: 0
            case .running, .failed, .closed: content.revision
            }
        }
    }

    /// The limit of a call that names none.
    var timeout: TimeInterval {
        switch content.with({ $0.state }) {
        case .starting(let timeout), .running(_, let timeout): timeout
        default: defaultWait
        }
    }

    /// Starts on a thread of its own, and returns at once. While it runs or is at work, a further call changes nothing.
    func start(timeout: TimeInterval, settings: @escaping @Sendable () throws -> Settings) {
        let mine = content.with { content in
            switch content.state {
            case .starting, .running, .closed: return false
            case .notStarted, .failed:
                content.state = .starting(timeout: timeout)
                return true
            }
        }
        guard mine else { return }
        onChange()
        DispatchQueue.global(qos: .userInitiated).async { [self] in
            settle(timeout: timeout, Result { try starter(try settings(), events) })
        }
    }

    /// As a start that failed.
    func fail(_ error: BonafideError) {
        start(timeout: defaultWait) { throw error }
    }

    private var events: EngineEvents {
        // Weak: the engine that calls back is held from here.
        EngineEvents(
            onRevision: { [weak self] in self?.raise(to: $0) },
            onStatus: { [weak self] in self?.onChange() })
    }

    private func settle(timeout: TimeInterval, _ result: Result<any Engine, any Error>) {
        let next: State =
            switch result {
            case .success(let engine): .running(engine, timeout: timeout)
            case .failure(let error): .failed(error.bonafide ?? BonafideError(.internalError, detail: "\(error)"))
            }
        if case .success(let engine) = result { raise(to: engine.revision()) }
        let waiting = content.with { content -> [Answer<any Engine>]? in
            guard case .starting = content.state else { return nil }
            content.state = next
            defer { content.waiting = [:] }
            return Array(content.waiting.values)
        }
        guard let waiting else {
            // Closed meanwhile: then nobody else ends what was just made.
            if case .success(let engine) = result { engine.stop() }
            return
        }
        for answer in waiting {
            if case .running(let engine, _) = next { answer.give(.success(engine)) } else { answer.give(.failure(whyNot(next))) }
        }
        onChange()
    }

    /// Callbacks may come out of order.
    private func raise(to revision: UInt64) {
        content.with { $0.revision = max($0.revision, revision) }
    }

    /// What runs now, or nil.
    var runningOrNil: (any Engine)? {
        if case .running(let engine, _) = content.with({ $0.state }) { engine } else { nil }
    }

    /// What runs now; fails at once where nothing does.
    func running() throws -> any Engine {
        if let engine = runningOrNil { return engine }
        throw whyNot(content.with { $0.state })
    }

    /// Waits for the start, at most `limit` seconds; a start that failed is told at once.
    func waitRunning(within limit: TimeInterval) async throws -> any Engine {
        let answer = Answer<any Engine>()
        let known = content.with { content -> State? in
            switch content.state {
            case .notStarted, .starting:
                content.waiting[ObjectIdentifier(answer)] = answer
                return nil
            case .running, .failed, .closed:
                return content.state
            }
        }
        if case .running(let engine, _) = known { return engine }
        if let known { throw whyNot(known) }
        let timer = Task.detached { [self] in
            try await Task.sleep(nanoseconds: limit.milliseconds * 1_000_000)
            answer.give(.failure(whyNot(content.with { $0.state })))
        }
        defer {
            timer.cancel()
            content.with { _ = $0.waiting.removeValue(forKey: ObjectIdentifier(answer)) }
        }
        return try await answer.value()
    }

    func status() -> ProtectionStatus {
        switch content.with({ $0.state }) {
        case .running(let engine, _):
            do { return try engine.status() } catch {
                return ProtectionStatus(phase: .failed, failure: error.bonafide)
            }
        case .starting: return ProtectionStatus(phase: .starting)
        case .failed(let failure): return ProtectionStatus(phase: .failed, failure: failure)
        case .notStarted: return ProtectionStatus(phase: .notStarted)
        case .closed: return ProtectionStatus(phase: .closed)
        }
    }

    func close() {
        let (last, waiting) = content.with { content in
            defer { (content.state, content.waiting) = (.closed, [:]) }
            return (content.state, Array(content.waiting.values))
        }
        if case .running(let engine, _) = last { engine.stop() }
        for answer in waiting { answer.give(.failure(whyNot(.closed))) }
        onChange()
    }

    private func whyNot(_ state: State) -> BonafideError {
        switch state {
        case .failed(let failure): failure
        case .closed: BonafideError(.notStarted, detail: "This protection was closed.")
        case .starting: BonafideError(.notStarted, detail: "The start is still at work.")
        case .notStarted, .running: BonafideError(.notStarted)
        }
    }
}
