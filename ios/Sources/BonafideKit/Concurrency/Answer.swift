import Foundation

/// What one task waits for and another gives; the first answer counts. Whoever waits and is cancelled gets `cancelled`
/// at once.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
    }

    private let state = Locked(State.open)
    private let cancelled: any Error

    init(cancelled: any Error = CancellationError()) {
        self.cancelled = cancelled
    }

    /// True if it is the first.
    @discardableResult
    func give(_ result: Result<Value, any Error>) -> Bool {
        let (first, waiting) = state.with { state -> (Bool, CheckedContinuation<Value, any Error>?) in
            switch state {
            case .given:
                return (false, nil)
            case .open:
                state = .given(result)
                return (true, nil)
            case .awaited(let continuation):
                state = .given(result)
                return (true, continuation)
            }
        }
        waiting?.resume(with: result)
        return first
    }

    /// Once only.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known = state.with { state -> Result<Value, any Error>? in
                    if case .given(let result) = state { return result }
                    state = .awaited(continuation)
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            give(.failure(cancelled))
        }
    }
}

/// Waits for work that does not hear of cancellation itself, such as the core's. When the caller is cancelled, its wait
/// ends at once; the work goes on to its own limit, and its result serves the next caller.
func abandoning<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try Task.checkCancellation()
    let answer = Answer<Value>()
    Task.detached {
        do {
            answer.give(.success(try await work()))
        } catch {
            answer.give(.failure(error))
        }
    }
    return try await answer.value()
}
