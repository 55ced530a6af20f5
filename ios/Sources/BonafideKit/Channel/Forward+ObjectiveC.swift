#if canImport(ObjectiveC)
    import Foundation

    /// Calls of the app's delegate. The methods are optional: the first delegate that has one is asked, and without any,
    /// the system's default holds.
    enum Forward {
        /// The system looks for each method alone, whatever a class says that it conforms to. These do so as well: of their
        /// methods all but one are optional.
        static func asTask(_ delegate: any URLSessionDelegate) -> (any URLSessionTaskDelegate)? {
            unsafeBitCast(delegate, to: (any URLSessionTaskDelegate).self)
        }

        private static func asData(_ delegate: any URLSessionDelegate) -> any URLSessionDataDelegate {
            unsafeBitCast(delegate, to: (any URLSessionDataDelegate).self)
        }

        private static func asDownload(_ delegate: any URLSessionDelegate) -> (any URLSessionDownloadDelegate)? {
            let required = #selector(URLSessionDownloadDelegate.urlSession(_:downloadTask:didFinishDownloadingTo:))
            guard delegate.responds(to: required) else { return nil }
            return unsafeBitCast(delegate, to: (any URLSessionDownloadDelegate).self)
        }

        static var sessionChallenge: Selector {
            #selector(URLSessionDelegate.urlSession(_:didReceive:completionHandler:))
        }

        static func challenge(
            _ challenge: URLAuthenticationChallenge, of session: URLSession, to delegate: (any URLSessionDelegate)?,
            _ handler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
        ) {
            if delegate?.urlSession?(session, didReceive: challenge, completionHandler: handler) == nil {
                handler(.performDefaultHandling, nil)
            }
        }

        static func challenge(
            _ challenge: URLAuthenticationChallenge, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate],
            _ handler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
        ) {
            for delegate in delegates {
                if delegate.urlSession?(session, task: task, didReceive: challenge, completionHandler: handler) != nil { return }
                // A delegate of a task may answer as one of a session does, where the system asks one of a session.
                if isSessions(challenge), delegate.urlSession?(session, didReceive: challenge, completionHandler: handler) != nil { return }
            }
            handler(.performDefaultHandling, nil)
        }

        /// Whether the system asks the delegate of a session, where that has the method: never for a password (Basic, Digest).
        private static func isSessions(_ challenge: URLAuthenticationChallenge) -> Bool {
            [
                NSURLAuthenticationMethodServerTrust, NSURLAuthenticationMethodClientCertificate,
                NSURLAuthenticationMethodNTLM, NSURLAuthenticationMethodNegotiate,
            ].contains(challenge.protectionSpace.authenticationMethod)
        }

        static func redirect(
            to request: URLRequest, by response: HTTPURLResponse, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate], _ handler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            for delegate in delegates
            where delegate.urlSession?(
                session, task: task, willPerformHTTPRedirection: response, newRequest: request, completionHandler: handler)
                != nil
            {
                return
            }
            handler(request)
        }

        static func completed(
            _ error: (any Error)?, of session: URLSession, task: URLSessionTask, to delegates: [any URLSessionTaskDelegate]
        ) {
            for delegate in delegates where delegate.urlSession?(session, task: task, didCompleteWithError: error) != nil {
                return
            }
        }

        static func sent(
            _ sent: Int64, total: Int64, expected: Int64, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate]
        ) {
            for delegate in delegates
            where delegate.urlSession?(
                session, task: task, didSendBodyData: sent, totalBytesSent: total, totalBytesExpectedToSend: expected) != nil
            {
                return
            }
        }

        static func metrics(
            _ metrics: URLSessionTaskMetrics, of session: URLSession, task: URLSessionTask,
            to delegates: [any URLSessionTaskDelegate]
        ) {
            for delegate in delegates where delegate.urlSession?(session, task: task, didFinishCollecting: metrics) != nil {
                return
            }
        }

        static func bodyAnew(
            of session: URLSession, task: URLSessionTask, to delegates: [any URLSessionTaskDelegate],
            _ handler: @escaping @Sendable (InputStream?) -> Void
        ) {
            for delegate in delegates where delegate.urlSession?(session, task: task, needNewBodyStream: handler) != nil { return }
            handler(nil)
        }

        static func waiting(of session: URLSession, task: URLSessionTask, to delegates: [any URLSessionTaskDelegate]) {
            for delegate in delegates where delegate.urlSession?(session, taskIsWaitingForConnectivity: task) != nil { return }
        }

        static func created(_ task: URLSessionTask, of session: URLSession, to delegate: (any URLSessionDelegate)?) {
            guard #available(iOS 16.0, *) else { return }
            delegate.flatMap(asTask)?.urlSession?(session, didCreateTask: task)
        }

        static func invalidated(_ session: URLSession, _ error: (any Error)?, to delegate: (any URLSessionDelegate)?) {
            delegate?.urlSession?(session, didBecomeInvalidWithError: error)
        }

        static func response(
            _ response: URLResponse, of session: URLSession, task: URLSessionDataTask, to delegate: (any URLSessionDelegate)?,
            _ handler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            let delegate = delegate.map(asData)
            if delegate?.urlSession?(session, dataTask: task, didReceive: response, completionHandler: handler) == nil {
                handler(.allow)
            }
        }

        static func data(
            _ data: Data, of session: URLSession, task: URLSessionDataTask, to delegate: (any URLSessionDelegate)?
        ) {
            delegate.map(asData)?.urlSession?(session, dataTask: task, didReceive: data)
        }

        static func cached(
            _ response: CachedURLResponse, of session: URLSession, task: URLSessionDataTask,
            to delegates: [any URLSessionTaskDelegate], _ handler: @escaping @Sendable (CachedURLResponse?) -> Void
        ) {
            for delegate in delegates.map(asData)
            where delegate.urlSession?(session, dataTask: task, willCacheResponse: response, completionHandler: handler) != nil {
                return
            }
            handler(response)
        }

        static func file(
            _ location: URL, of session: URLSession, task: URLSessionDownloadTask, to delegate: (any URLSessionDelegate)?
        ) {
            delegate.flatMap(asDownload)?.urlSession(session, downloadTask: task, didFinishDownloadingTo: location)
        }
    }
#endif
