#if !canImport(ObjectiveC)
    import Foundation
    import FoundationNetworking

    /// Calls of the app's delegate. Here every delegate has every method, the system's default if not its own: the first
    /// is asked.
    enum Forward {
        static func asTask(_ delegate: any URLSessionDelegate) -> (any URLSessionTaskDelegate)? {
            delegate as? any URLSessionTaskDelegate
        }

        static func challenge(
            _ challenge: URLAuthenticationChallenge, of session: URLSession, to delegate: (any URLSessionDelegate)?,
            _ handler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
        ) {
            guard let delegate else { return handler(.performDefaultHandling, nil) }
            delegate.urlSession(session, didReceive: challenge, completionHandler: handler)
        }

        static func challenge(
            _ challenge: URLAuthenticationChallenge, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate],
            _ handler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
        ) {
            guard let delegate = delegates.first else { return handler(.performDefaultHandling, nil) }
            delegate.urlSession(session, task: task, didReceive: challenge, completionHandler: handler)
        }

        static func redirect(
            to request: URLRequest, by response: HTTPURLResponse, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate], _ handler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            guard let delegate = delegates.first else { return handler(request) }
            delegate.urlSession(
                session, task: task, willPerformHTTPRedirection: response, newRequest: request, completionHandler: handler)
        }

        static func completed(
            _ error: (any Error)?, of session: URLSession, task: URLSessionTask, to delegates: [any URLSessionTaskDelegate]
        ) {
            delegates.first?.urlSession(session, task: task, didCompleteWithError: error)
        }

        static func sent(
            _ sent: Int64, total: Int64, expected: Int64, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate]
        ) {
            delegates.first?.urlSession(
                session, task: task, didSendBodyData: sent, totalBytesSent: total, totalBytesExpectedToSend: expected)
        }

        static func metrics(
            _ metrics: URLSessionTaskMetrics, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate]
        ) {
            delegates.first?.urlSession(session, task: task, didFinishCollecting: metrics)
        }

        static func invalidated(_ session: URLSession, _ error: (any Error)?, to delegate: (any URLSessionDelegate)?) {
            delegate?.urlSession(session, didBecomeInvalidWithError: error)
        }

        static func response(
            _ response: URLResponse, of session: URLSession, task: URLSessionDataTask, to delegate: (any URLSessionDelegate)?,
            _ handler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            guard let delegate = delegate as? any URLSessionDataDelegate else { return handler(.allow) }
            delegate.urlSession(session, dataTask: task, didReceive: response, completionHandler: handler)
        }

        static func data(
            _ data: Data, of session: URLSession, task: URLSessionDataTask, to delegate: (any URLSessionDelegate)?
        ) {
            (delegate as? any URLSessionDataDelegate)?.urlSession(session, dataTask: task, didReceive: data)
        }

        static func cached(
            _ response: CachedURLResponse, of session: URLSession, task: URLSessionDataTask,
            to delegates: [any URLSessionTaskDelegate], _ handler: @escaping @Sendable (CachedURLResponse?) -> Void
        ) {
            let keeper = delegates.lazy.compactMap { $0 as? any URLSessionDataDelegate }.first
            guard let keeper else { return handler(response) }
            keeper.urlSession(session, dataTask: task, willCacheResponse: response, completionHandler: handler)
        }

        static func file(
            _ location: URL, of session: URLSession, task: URLSessionDownloadTask, to delegate: (any URLSessionDelegate)?
        ) {
            (delegate as? any URLSessionDownloadDelegate)?.urlSession(
                session, downloadTask: task, didFinishDownloadingTo: location)
        }
    }

    /// What the Objective-C runtime forwards on Apple's systems.
    extension PinningDelegate: URLSessionDataDelegate, URLSessionDownloadDelegate, URLSessionWebSocketDelegate {
        var data: (any URLSessionDataDelegate)? { wrapped as? any URLSessionDataDelegate }
        var download: (any URLSessionDownloadDelegate)? { wrapped as? any URLSessionDownloadDelegate }
        private var socket: (any URLSessionWebSocketDelegate)? { wrapped as? any URLSessionWebSocketDelegate }

        public func urlSession(
            _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
            totalBytesExpectedToSend: Int64
        ) {
            Forward.sent(
                bytesSent, total: totalBytesSent, expected: totalBytesExpectedToSend, of: session, task: task,
                to: delegates(of: task))
        }

        public func urlSession(
            _ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics
        ) {
            Forward.metrics(metrics, of: session, task: task, to: delegates(of: task))
        }

        public func urlSession(
            _ session: URLSession, task: URLSessionTask,
            needNewBodyStream completionHandler: @escaping @Sendable (InputStream?) -> Void
        ) {
            guard let delegate = delegates(of: task).first else { return completionHandler(nil) }
            delegate.urlSession(session, task: task, needNewBodyStream: completionHandler)
        }

        public func urlSession(
            _ session: URLSession, downloadTask: URLSessionDownloadTask, didWriteData bytesWritten: Int64,
            totalBytesWritten: Int64, totalBytesExpectedToWrite: Int64
        ) {
            download?.urlSession(
                session, downloadTask: downloadTask, didWriteData: bytesWritten, totalBytesWritten: totalBytesWritten,
                totalBytesExpectedToWrite: totalBytesExpectedToWrite)
        }

        public func urlSession(
            _ session: URLSession, webSocketTask: URLSessionWebSocketTask, didOpenWithProtocol protocol: String?
        ) {
            socket?.urlSession(session, webSocketTask: webSocketTask, didOpenWithProtocol: `protocol`)
        }

        public func urlSession(
            _ session: URLSession, webSocketTask: URLSessionWebSocketTask,
            didCloseWith closeCode: URLSessionWebSocketTask.CloseCode, reason: Data?
        ) {
            socket?.urlSession(session, webSocketTask: webSocketTask, didCloseWith: closeCode, reason: reason)
        }
    }
#endif
