import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What becomes of one task of a ``BonafideSession``.
final class Handler: Sendable {
    /// Where the body goes.
    enum Sink: Sendable {
        case memory
        case file
        case stream(AsyncThrowingStream<Data, any Error>.Continuation)
    }

    private struct Content {
        var response: URLResponse?
        var body = Data()
        var file: Result<URL, any Error>?
        var task: URLSessionTask?
        var isCancelled = false
        var moves = 0
        /// Bytes of a stream that nobody has read yet.
        var unread = 0
        /// Whether the task is suspended for them.
        var isPaused = false
        var wasPaused = false
        /// Each part of such an answer has a head of its own.
        var isInParts = false
        /// A delegate that somebody else has set on the task.
        var adopted: (any URLSessionTaskDelegate)?
        /// What ends the exchange in place of what the system says.
        var failure: URLError?
    }

    private let delegate: (any URLSessionTaskDelegate)?
    let binding: Data?
    /// The end of the exchange, with the body or the place of the file.
    let finished = Answer<(body: Data, file: URL?, response: URLResponse)>(cancelled: URLError(.cancelled))
    /// The head of the answer.
    let begun = Answer<URLResponse>(cancelled: URLError(.cancelled))
    private let sink: Sink
    private let content = Locked(Content())

    init(_ sink: Sink, binding: Data?, delegate: (any URLSessionTaskDelegate)?) {
        (self.sink, self.binding, self.delegate) = (sink, binding, delegate)
    }

    /// Who is asked about the task before the session's delegate, in this order.
    var delegates: [any URLSessionTaskDelegate] {
        [delegate, content.with { $0.adopted }].compactMap { $0 }
    }

    func adopt(_ delegate: any URLSessionTaskDelegate) {
        content.with { $0.adopted = delegate }
    }

    /// From now on it is `task` that a cancellation ends.
    func runs(_ task: URLSessionTask) {
        let isCancelled = content.with { content in
            // A task that went on elsewhere would never end while it is suspended.
            if content.isPaused { content.task?.resume() }
            content.isPaused = false
            content.task = task
            return content.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// Whether its caller wants no more of it.
    var isCancelled: Bool { content.with { $0.isCancelled } }

    func cancel() {
        let task = content.with { content in
            content.isCancelled = true
            return content.task
        }
        task?.cancel()
    }

    /// A task for a redirect's request, in another session.
    ///
    /// - Throws: `URLError.httpTooManyRedirects`: the system counts them for each task.
    func next(in session: URLSession, _ request: URLRequest) throws -> URLSessionTask {
        let moves = content.with { content in
            content.moves += 1
            return content.moves
        }
        guard moves <= Self.mostMoves else { throw URLError(.httpTooManyRedirects) }
        if case .file = sink { return session.downloadTask(with: request) }
        return session.dataTask(with: request)
    }

    private static let mostMoves = 20

    func received(_ response: URLResponse) {
        let again = content.with { content in
            defer { content.response = response }
            if response.mimeType?.lowercased().hasPrefix("multipart/") == true { content.isInParts = true }
            return content.wasPaused && content.response != nil && !content.isInParts
        }
        // By the documentation of `suspend` a task may start over when it is resumed, as it does on Linux. What was read
        // before must not come twice.
        if again { return breakOff(URLError(.networkConnectionLost)) }
        begun.give(.success(response))
    }

    private func breakOff(_ failure: URLError) {
        let task = content.with { content in
            content.failure = failure
            return content.task
        }
        task?.cancel()
    }

    func received(_ data: Data) {
        guard case .stream(let continuation) = sink else { return content.with { $0.body.append(data) } }
        let wanted = content.with { content in
            guard content.failure == nil else { return false }
            content.unread += data.count
            if content.unread > Self.mostUnread, !content.isPaused, !content.isCancelled {
                (content.isPaused, content.wasPaused) = (true, true)
                // Under the lock, so that it cannot come after the resumption that belongs to it.
                content.task?.suspend()
            }
            return true
        }
        if wanted { continuation.yield(data) }
    }

    /// The reader of a stream has got that many bytes.
    func taken(_ count: Int) {
        content.with { content in
            content.unread -= count
            guard content.isPaused, content.unread < Self.mostUnread / 2 else { return }
            content.isPaused = false
            content.task?.resume()
        }
    }

    /// Past that many unread bytes a transfer waits for its reader.
    static let mostUnread = 1 << 20

    /// The system takes the file away when this returns.
    func received(fileAt location: URL) {
        let own = FileManager.default.temporaryDirectory.appendingPathComponent("bonafide-\(UUID().uuidString)")
        content.with { $0.file = Result { try FileManager.default.moveItem(at: location, to: own); return own } }
    }

    func completed(_ error: (any Error)?, response: URLResponse?) {
        let (known, body, file, failure) = content.with { ($0.response ?? response, $0.body, $0.file, $0.failure) }
        let result: Result<(body: Data, file: URL?, response: URLResponse), any Error>
        do {
            if let error = failure ?? error { throw error }
            guard let known else { throw URLError(.badServerResponse) }
            if case .file = sink, file == nil { throw URLError(.cannotCreateFile) }
            result = .success((body, try file?.get(), known))
        } catch {
            // Nobody will come for what was fetched so far.
            if case .success(let url) = file { try? FileManager.default.removeItem(at: url) }
            result = .failure(error)
        }
        begun.give(result.map(\.response))
        if !finished.give(result), case .success(let end) = result, let url = end.file {
            try? FileManager.default.removeItem(at: url)
        }
        if case .stream(let continuation) = sink {
            if case .failure(let error) = result { continuation.finish(throwing: error) } else { continuation.finish() }
        }
    }
}
