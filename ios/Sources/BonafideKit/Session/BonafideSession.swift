import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A `URLSession` whose requests are protected.
///
/// - The pins of the config in force are checked before a byte of a request is sent, for WebSockets too. Where none
///   matches, a newer config is asked for once, and then the call fails with `URLError.serverCertificateUntrusted`. After
///   new pins, requests go over new connections; those under way finish.
/// - Requests to protected hosts leave with their token and, where no valid one could be had in time, with the status.
///   Other hosts never get either, not by a redirect, and not when the app set the headers itself.
/// - `http` to a pinned or protected host is refused.
/// - For pinned hosts neither the configuration's `protocolClasses` nor its cache answer: no server would be looked at. What
///   they answer is kept in memory. Of protected hosts nothing is kept: a request with its token would lie beside it on the
///   disk, and the next user would be shown the answers of the one before.
///
/// Leave the `delegate` of a task that this hands out alone, or set a ``PinningDelegate``: the system asks it in place of
/// this session's, about the server's certificates and redirects too. (One that the app's delegate sets while the task is
/// made is asked behind the pins.)
///
/// Errors are `URLError`s; `error.bonafide` tells what Bonafide has to say of one. Cancelling the task that waits ends the
/// wait and the transfer; cancelled, a call throws `URLError.cancelled`. The app's delegate is forwarded to: for calls of
/// this class everything but the body, for tasks that it hands out everything. From any thread. A session that nobody
/// holds any more finishes what is under way and ends.
public final class BonafideSession: Sendable {
    private let inner: InnerSessions
    private let requests: RequestGuard

    /// - Parameters:
    ///   - protection: an app's own, or a test's.
    ///   - configuration: is copied.
    ///   - delegate: is forwarded to, and cannot take the pin check away; held until the session is invalidated.
    ///   - delegateQueue: where the delegate is called; nil: a serial queue of the session's own.
    ///   - wait: the most that one request waits for Bonafide, in seconds.
    public init(
        protection: any Protection = Bonafide.protection, configuration: URLSessionConfiguration = .default,
        delegate: (any URLSessionDelegate)? = nil, delegateQueue: OperationQueue? = nil, wait: TimeInterval = 5
    ) {
        let copy = configuration.copy() as? URLSessionConfiguration ?? configuration
        RequestGuard.clean(copy)
        inner = InnerSessions(
            protection: protection, wait: wait, configuration: copy, delegate: delegate, queue: delegateQueue)
        requests = RequestGuard(protection: protection, wait: wait)
        inner.takeUpBackground()
    }

    deinit {
        inner.end(cancelling: false)
    }

    /// As `URLSession.data(for:)`. Not in a background session, for which the system has no such call
    /// (`unsupportedClient`).
    ///
    /// - Parameters:
    ///   - binding: data that the token is bound to (its SHA-256 becomes the claim `pay`), or nil.
    ///   - delegate: of this task; asked before the session's, and only after the pins have passed.
    public func data(
        for request: URLRequest, binding: Data? = nil, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (Data, URLResponse) {
        let end = try await run(request, .memory, binding, delegate) { $0.dataTask(with: $1) }
        return (end.body, end.response)
    }

    /// As `URLSession.data(from:)`.
    public func data(from url: URL, delegate: (any URLSessionTaskDelegate)? = nil) async throws -> (Data, URLResponse) {
        try await data(for: URLRequest(url: url), delegate: delegate)
    }

    /// As `URLSession.upload(for:from:)`. Not in a background session (`unsupportedClient`).
    public func upload(
        for request: URLRequest, from body: Data, binding: Data? = nil, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (Data, URLResponse) {
        let end = try await run(request, .memory, binding, delegate) { $0.uploadTask(with: $1, from: body) }
        return (end.body, end.response)
    }

    /// As `URLSession.upload(for:fromFile:)`. Not in a background session (`unsupportedClient`).
    public func upload(
        for request: URLRequest, fromFile file: URL, binding: Data? = nil, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (Data, URLResponse) {
        let end = try await run(request, .memory, binding, delegate) { $0.uploadTask(with: $1, fromFile: file) }
        return (end.body, end.response)
    }

    /// As `URLSession.download(for:)`: the file is the caller's to move or remove. Not in a background session
    /// (`unsupportedClient`).
    public func download(
        for request: URLRequest, binding: Data? = nil, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (URL, URLResponse) {
        let end = try await run(request, .file, binding, delegate) { $0.downloadTask(with: $1) }
        guard let file = end.file else { throw URLError(.cannotCreateFile) }
        return (file, end.response)
    }

    /// As `URLSession.download(from:)`.
    public func download(from url: URL, delegate: (any URLSessionTaskDelegate)? = nil) async throws -> (URL, URLResponse) {
        try await download(for: URLRequest(url: url), delegate: delegate)
    }

    /// As `URLSession.bytes(for:)`: returns with the head of the answer. What has come and was not read yet is kept in
    /// memory; past a mebibyte the transfer waits for its reader (``BonafideBytes``). Where the system then starts over in
    /// place of going on, the bytes end with `URLError.networkConnectionLost`. Not in a background session
    /// (`unsupportedClient`).
    public func bytes(
        for request: URLRequest, binding: Data? = nil, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (BonafideBytes, URLResponse) {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: Data.self)
        let handler = Handler(.stream(continuation), binding: binding, delegate: delegate)
        try await begin(request, handler) { $0.dataTask(with: $1) }
        continuation.onTermination = { end in
            if case .cancelled = end { handler.cancel() }
        }
        return try await withTaskCancellationHandler {
            (BonafideBytes(stream, taken: handler.taken), try await handler.begun.value())
        } onCancel: {
            handler.cancel()
        }
    }

    /// As `URLSession.bytes(from:)`.
    public func bytes(from url: URL, delegate: (any URLSessionTaskDelegate)? = nil) async throws -> (BonafideBytes, URLResponse) {
        try await bytes(for: URLRequest(url: url), delegate: delegate)
    }

    /// A WebSocket whose handshake carries the token, and whose connection is pinned; the caller resumes it.
    ///
    /// Resume it at once. Its token and its session are those of this moment: resumed after new pins have come, it runs
    /// among connections that the old ones let through. For a connection made later, ask for a new task. Not in a
    /// background session.
    public func webSocketTask(with request: URLRequest, binding: Data? = nil) async throws -> URLSessionWebSocketTask {
        try refuseInBackground()
        return try await hand(request, binding) { $0.webSocketTask(with: $1) }
    }

    /// ``webSocketTask(with:binding:)`` for a `wss` URL.
    public func webSocketTask(with url: URL) async throws -> URLSessionWebSocketTask {
        try await webSocketTask(with: URLRequest(url: url))
    }

    /// An upload task that the session's delegate hears of, as background sessions need it; the caller resumes it, at once:
    /// see ``webSocketTask(with:binding:)``.
    ///
    /// In a background session the token is that of this moment. A transfer that the system puts off for longer than a
    /// token lives (five minutes) arrives with an expired one, and a redirect is followed without asking anybody, headers
    /// included: use one only for an API that redirects nowhere else.
    public func uploadTask(with request: URLRequest, fromFile file: URL, binding: Data? = nil) async throws -> URLSessionUploadTask {
        try await hand(request, binding) { $0.uploadTask(with: $1, fromFile: file) }
    }

    /// A download task that the session's delegate hears of, as background sessions need it; the caller resumes it, at
    /// once. The limits of ``uploadTask(with:fromFile:binding:)`` hold.
    public func downloadTask(with request: URLRequest, binding: Data? = nil) async throws -> URLSessionDownloadTask {
        try await hand(request, binding) { $0.downloadTask(with: $1) }
    }

    /// Cancels what is under way, waiting for a token included, and ends the session; later calls throw
    /// `URLError.cancelled`. The app's delegate is told, and let go.
    public func invalidateAndCancel() {
        inner.end(cancelling: true)
    }

    /// Lets what is under way finish, and ends the session; later calls throw `URLError.cancelled`.
    public func finishTasksAndInvalidate() {
        inner.end(cancelling: false)
    }

    private func run(
        _ request: URLRequest, _ sink: Handler.Sink, _ binding: Data?, _ delegate: (any URLSessionTaskDelegate)?,
        _ make: (URLSession, URLRequest) -> URLSessionTask
    ) async throws -> (body: Data, file: URL?, response: URLResponse) {
        let handler = Handler(sink, binding: binding, delegate: delegate)
        try await begin(request, handler, make)
        return try await withTaskCancellationHandler {
            try await handler.finished.value()
        } onCancel: {
            handler.cancel()
        }
    }

    private func begin(
        _ request: URLRequest, _ handler: Handler, _ make: (URLSession, URLRequest) -> URLSessionTask
    ) async throws {
        try refuseInBackground()
        let request = try await ready(request, handler.binding)
        try inner.make(for: request.url, { make($0, request) }, registered: { $1.run($0, by: handler) }).resume()
    }

    private func hand<Made: URLSessionTask>(
        _ request: URLRequest, _ binding: Data?, _ make: (URLSession, URLRequest) -> Made
    ) async throws -> Made {
        let request = try await ready(request, binding)
        return try inner.make(for: request.url, { make($0, request) }, registered: { $1.bind($0, to: binding) })
    }

    private func ready(_ request: URLRequest, _ binding: Data?) async throws -> URLRequest {
        do {
            return try await inner.whileOpen { try await self.requests.prepare(request, binding: binding) }
        } catch is CancellationError {
            throw URLError(.cancelled)
        } catch let error as BonafideError {
            throw error.asURLError(for: request.url)
        }
    }

    private func refuseInBackground() throws {
        guard !inner.isBackground else {
            throw BonafideError(.unsupportedClient, detail: "A background session has only uploadTask and downloadTask.")
                .asURLError(for: nil)
        }
    }
}
