import Foundation

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

// As much of Alamofire 5 as the recipe in docs/ios.md names, with its signatures, and with what it does when the system
// calls its delegate: a server's certificates are the system's business, passwords its own, redirects are followed.

protocol RequestAdapter: Sendable {
    func adapt(
        _ urlRequest: URLRequest, for session: Session, completion: @escaping @Sendable (Result<URLRequest, any Error>) -> Void)
}

protocol RequestInterceptor: RequestAdapter {}

final class Session: @unchecked Sendable {
    let session: URLSession
    let delegate: SessionDelegate
    let rootQueue: DispatchQueue
    let interceptor: (any RequestInterceptor)?

    init(
        session: URLSession, delegate: SessionDelegate, rootQueue: DispatchQueue, interceptor: (any RequestInterceptor)? = nil
    ) {
        precondition(session.configuration.identifier == nil)
        precondition(session.delegateQueue.underlyingQueue === rootQueue)
        (self.session, self.delegate, self.rootQueue, self.interceptor) = (session, delegate, rootQueue, interceptor)
    }

    /// As `request(_:).authenticate(with:).serializingData()`: each attempt is adapted.
    func data(_ url: URL, authenticate credential: URLCredential? = nil) async throws -> Data {
        let request = try await withCheckedThrowingContinuation { continuation in
            guard let interceptor else { return continuation.resume(returning: URLRequest(url: url)) }
            interceptor.adapt(URLRequest(url: url), for: self) { continuation.resume(with: $0) }
        }
        return try await withCheckedThrowingContinuation { continuation in
            rootQueue.async { [self] in
                let task = session.dataTask(with: request)
                delegate.requests.with {
                    $0[ObjectIdentifier(task)] = SessionDelegate.Request(credential: credential) { continuation.resume(with: $0) }
                }
                task.resume()
            }
        }
    }
}

class SessionDelegate: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    struct Request: Sendable {
        let credential: URLCredential?
        let ends: @Sendable (Result<Data, any Error>) -> Void
        var body = Data()
    }

    let requests = Locked([ObjectIdentifier: Request]())

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        // As where it looks up the request: anywhere else it ends the process.
        if let queue = session.delegateQueue.underlyingQueue { dispatchPrecondition(condition: .onQueue(queue)) }
        let credential = requests.with { $0[ObjectIdentifier(task)]?.credential }
        guard !challenge.isServerTrust, let credential else { return completionHandler(.performDefaultHandling, nil) }
        guard challenge.previousFailureCount == 0 else { return completionHandler(.rejectProtectionSpace, nil) }
        completionHandler(.useCredential, credential)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(request)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        requests.with { $0[ObjectIdentifier(dataTask)]?.body.append(data) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let request = requests.with({ $0.removeValue(forKey: ObjectIdentifier(task)) }) else { return }
        request.ends(error.map { .failure($0) } ?? .success(request.body))
    }
}
