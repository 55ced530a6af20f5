import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The delegate of one inner session: the pin check, the handlers of the tasks that the session itself runs, and the app's
/// delegate for everything else.
final class SessionRelay: PinningDelegate, @unchecked Sendable {
    private let handlers = Locked([ObjectIdentifier: Handler]())
    private let bindings = Locked([ObjectIdentifier: Data]())
    /// Tasks whose requests go on in another session, until they end.
    private let moved = Locked(Set<ObjectIdentifier>())
    private let isEnded = Locked(false)
    /// Whether it has followed a request to a host without pins.
    private let isStray = Locked(false)
    /// Whether a request belongs into this session: see ``InnerSessions``.
    private let belongs: @Sendable (URLRequest) throws -> Bool
    private let onMove: @Sendable (Handler, URLRequest) throws -> Void
    /// Asked about a request that does not belong here and cannot move: true where its host is not pinned. This session
    /// then has a connection that nobody checked, and gets no further task.
    private let onStray: @Sendable (SessionRelay, URLRequest) throws -> Bool
    private let onInvalid: @Sendable (SessionRelay, URLSession, (any Error)?) -> Void

    init(
        forwardingTo delegate: (any URLSessionDelegate)?, protection: any Protection, wait: TimeInterval,
        belongs: @escaping @Sendable (URLRequest) throws -> Bool,
        onMove: @escaping @Sendable (Handler, URLRequest) throws -> Void,
        onStray: @escaping @Sendable (SessionRelay, URLRequest) throws -> Bool = { _, _ in false },
        onInvalid: @escaping @Sendable (SessionRelay, URLSession, (any Error)?) -> Void
    ) {
        (self.belongs, self.onMove, self.onStray, self.onInvalid) = (belongs, onMove, onStray, onInvalid)
        super.init(forwardingTo: delegate, protection: protection, wait: wait)
    }

    /// Before the task is resumed.
    func run(_ task: URLSessionTask, by handler: Handler) {
        // Whatever was set on it while it was made would get the body in the handler's place. (Without any, Foundation on
        // Linux names the session's.)
        if let own = task.delegate, own !== self {
            handler.adopt((own as? TaskPinningDelegate)?.wrapped as? any URLSessionTaskDelegate ?? own)
            task.delegate = nil
        }
        handlers.with { $0[ObjectIdentifier(task)] = handler }
        begins(task)
        handler.runs(task)
    }

    /// A redirect to a host with other pins goes on in that host's session: this one's connections may have been checked
    /// for another host alone.
    override func follows(_ request: URLRequest, proposed: URLRequest, in task: URLSessionTask) throws -> URLRequest? {
        // Back from a host without pins, a request might take the connection to that.
        if try !isStray.now && belongs(request) { return request }
        guard let handler = handler(of: task) else {
            if try strays(request) { return request }
            throw BonafideError(
                .unsupportedClient, facts: ["host": request.url?.host ?? ""],
                detail: "A task that was handed out was redirected to a host with other pins: request that host itself.")
        }
        guard let request = Self.whole(request, proposed: proposed, of: task) else {
            if try strays(request) { return request }
            throw BonafideError(
                .unsupportedClient, facts: ["host": request.url?.host ?? ""],
                detail: "A request whose body is a stream or a file was redirected to a host with other pins: send it to that"
                    + " host itself.")
        }
        moved.with { _ = $0.insert(ObjectIdentifier(task)) }
        handlers.with { _ = $0.removeValue(forKey: ObjectIdentifier(task)) }
        do { try onMove(handler, request) } catch { handler.completed(error, response: nil) }
        return nil
    }

    /// `request` with all of its body, for another task; nil where that was a stream, which has been read, or a file.
    private static func whole(_ request: URLRequest, proposed: URLRequest, of task: URLSessionTask) -> URLRequest? {
        if ["GET", "HEAD"].contains(request.httpMethod) { return request }
        // A delegate has taken it off.
        if proposed.hasBody, !request.hasBody { return request }
        var request = request
        let original = task.originalRequest
        if let body = request.httpBody ?? original?.httpBody {
            // The system may have made a stream of it.
            request.httpBody = body
            return request
        }
        let hasNone = !(task is URLSessionUploadTask) && original?.httpBodyStream == nil && request.httpBodyStream == nil
        return hasNone ? request : nil
    }

    private func strays(_ request: URLRequest) throws -> Bool {
        guard try onStray(self, request) else { return false }
        isStray.with { $0 = true }
        return true
    }

    private func isMoved(_ task: URLSessionTask) -> Bool { moved.with { $0.contains(ObjectIdentifier(task)) } }

    /// For a task that the app runs.
    func bind(_ task: URLSessionTask, to binding: Data?) {
        bindings.with { $0[ObjectIdentifier(task)] = binding }
        begins(task)
    }

    private func handler(of task: URLSessionTask) -> Handler? {
        handlers.with { $0[ObjectIdentifier(task)] }
    }

    override func delegates(of task: URLSessionTask) -> [any URLSessionTaskDelegate] {
        (handler(of: task)?.delegates ?? []) + super.delegates(of: task)
    }

    override func binding(of task: URLSessionTask) -> Data? {
        if let handler = handler(of: task) { return handler.binding }
        return bindings.with { $0[ObjectIdentifier(task)] }
    }

    /// What its tokens are bound to, ``bind(_:to:)`` and the handlers say.
    override func isMade(_ task: URLSessionTask) { begins(task) }

    override func ended(_ task: URLSessionTask) {
        bindings.with { _ = $0.removeValue(forKey: ObjectIdentifier(task)) }
    }

    /// Its tasks are cancelled from now on because their caller wants it.
    func cancels() {
        isEnded.with { $0 = true }
    }

    override func isCancelled(_ task: URLSessionTask) -> Bool {
        isEnded.now || handler(of: task)?.isCancelled == true
    }

    override func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if moved.with({ $0.remove(ObjectIdentifier(task)) }) != nil { return }
        let explained = explained(error, of: task)
        Forward.completed(explained, of: session, task: task, to: delegates(of: task))
        ended(task)
        handlers.with { $0.removeValue(forKey: ObjectIdentifier(task)) }?.completed(explained, response: task.response)
    }

    /// A session of the system's calls this last.
    func invalidated(_ session: URLSession, _ error: (any Error)?) {
        for handler in handlers.with({ Array($0.values) }) {
            handler.completed(error ?? URLError(.cancelled), response: nil)
        }
        onInvalid(self, session, error)
    }

    func received(_ response: URLResponse, _ task: URLSessionTask) -> Bool {
        guard let handler = handler(of: task) else { return isMoved(task) }
        handler.received(response)
        return true
    }

    func received(_ data: Data, _ task: URLSessionTask) -> Bool {
        guard let handler = handler(of: task) else { return isMoved(task) }
        handler.received(data)
        return true
    }

    func received(fileAt location: URL, _ task: URLSessionTask) -> Bool {
        guard let handler = handler(of: task) else { return isMoved(task) }
        handler.received(fileAt: location)
        return true
    }

    #if !canImport(ObjectiveC)
        override func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
            invalidated(session, error)
        }

        override func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            if received(response, dataTask) { return completionHandler(.allow) }
            Forward.response(response, of: session, task: dataTask, to: wrapped, completionHandler)
        }

        override func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            if !received(data, dataTask) { Forward.data(data, of: session, task: dataTask, to: wrapped) }
        }

        override func urlSession(
            _ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL
        ) {
            if !received(fileAt: location, downloadTask) {
                Forward.file(location, of: session, task: downloadTask, to: wrapped)
            }
        }
    #endif
}

#if canImport(ObjectiveC)
    extension SessionRelay: URLSessionDataDelegate, URLSessionDownloadDelegate {
        // Named by hand where the protocol is the superclass's: an optional method of it that only a subclass has may go
        // unseen by Objective-C, without a word of the compiler's.
        @objc(URLSession:didBecomeInvalidWithError:)
        func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
            invalidated(session, error)
        }

        func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            if received(response, dataTask) { return completionHandler(.allow) }
            Forward.response(response, of: session, task: dataTask, to: wrapped, completionHandler)
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            if !received(data, dataTask) { Forward.data(data, of: session, task: dataTask, to: wrapped) }
        }

        func urlSession(
            _ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL
        ) {
            if !received(fileAt: location, downloadTask) {
                Forward.file(location, of: session, task: downloadTask, to: wrapped)
            }
        }

        @objc(URLSession:task:didSendBodyData:totalBytesSent:totalBytesExpectedToSend:)
        func urlSession(
            _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
            totalBytesExpectedToSend: Int64
        ) {
            Forward.sent(
                bytesSent, total: totalBytesSent, expected: totalBytesExpectedToSend, of: session, task: task,
                to: delegates(of: task))
        }

        @objc(URLSession:task:needNewBodyStream:)
        func urlSession(
            _ session: URLSession, task: URLSessionTask,
            needNewBodyStream completionHandler: @escaping @Sendable (InputStream?) -> Void
        ) {
            Forward.bodyAnew(of: session, task: task, to: delegates(of: task), completionHandler)
        }

        @objc(URLSession:taskIsWaitingForConnectivity:)
        func urlSession(_ session: URLSession, taskIsWaitingForConnectivity task: URLSessionTask) {
            Forward.waiting(of: session, task: task, to: delegates(of: task))
        }

        @objc(URLSession:task:didFinishCollectingMetrics:)
        func urlSession(_ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics) {
            Forward.metrics(metrics, of: session, task: task, to: delegates(of: task))
        }
    }
#endif

extension URLRequest {
    fileprivate var hasBody: Bool { httpBody != nil || httpBodyStream != nil }
}
