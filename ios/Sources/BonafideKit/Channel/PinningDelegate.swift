import Foundation
import Security

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Checks the pins of a `URLSession` of the app's own, in front of the delegate that the app already has:
/// ```swift
/// configuration.urlCache = nil
/// let session = URLSession(configuration: configuration, delegate: PinningDelegate(forwardingTo: mine), delegateQueue: nil)
/// ```
/// Every method that the app's delegate implements is forwarded to it. A challenge with a server's certificates reaches
/// it only after the pins have passed: it can refuse what they allow, and cannot allow what they refuse. On a redirect the
/// token is taken off, and a protected host gets its own, with the binding that ``Bonafide/protect(_:binding:)`` was given:
/// from iOS 16 on for as long as the task runs, before that for ten minutes.
/// A request that the pins stopped fails with `URLError.serverCertificateUntrusted` for the delegate, and with
/// `URLError.cancelled` in completion handlers and `async` calls, which no delegate can change;
/// ``BonafideProtection/addMismatchListener(_:)`` hears of it in any case, and of chains that the system does not trust.
///
/// What a delegate cannot promise, and ``BonafideSession`` does:
/// - A delegate *of a task* (`task.delegate`, `data(for:delegate:)`) that answers challenges is asked in place of this one:
///   wrap it in a `PinningDelegate` as well. (One that your session's delegate sets in `urlSession(_:didCreateTask:)` is
///   wrapped here. A ``BonafideSession``'s own calls ask theirs behind the pins; on a task that it hands out, the same holds
///   as here.)
/// - A TLS session that is resumed shows no certificates, and the system then asks nobody. After pins have changed
///   (``Protection/configRevision`` rises), make a new `URLSession`.
/// - A cache and a `URLProtocol` of the configuration's answer without a connection. Set `urlCache` to nil, or to one that no
///   other session fills. Answers to requests with a token are not kept, where the system asks the delegate.
/// - A connection of HTTP/2 may serve every host of its certificate, and is challenged for the first alone: give hosts with
///   different pins a `URLSession` each.
/// - It sees no request before it leaves: the token comes from ``Bonafide/protect(_:binding:)``.
/// - It does not see who cancels: a task that may have waited for a connection that was refused, and that the app cancels
///   within ten seconds of that and before it is answered, ends as a refused one.
public class PinningDelegate: NSObject, URLSessionTaskDelegate, @unchecked Sendable {
    let wrapped: (any URLSessionDelegate)?
    private let channel: ChannelGuard
    private let requests: RequestGuard
    private let refusals: Refusals

    /// - Parameters:
    ///   - delegate: the app's own; held as a session holds its delegate.
    ///   - protection: whose pins are checked.
    ///   - wait: the most that a connection waits for newer pins, in seconds.
    public init(
        forwardingTo delegate: (any URLSessionDelegate)? = nil, protection: any Protection = Bonafide.protection,
        wait: TimeInterval = 5
    ) {
        wrapped = delegate
        channel = ChannelGuard(protection: protection, wait: wait)
        requests = RequestGuard(protection: protection, wait: wait)
        refusals = Refusals()
    }

    /// For a task of the session whose delegate `other` is.
    init(forwardingTo delegate: any URLSessionTaskDelegate, as other: PinningDelegate) {
        (wrapped, channel, requests, refusals) = (delegate, other.channel, other.requests, other.refusals)
    }

    /// What the app's delegate has set on a task that was just made (`urlSession(_:didCreateTask:)`) would be asked in place
    /// of this one: it is asked behind it. Once a task is resumed the system takes no other delegate.
    func guards(_ task: URLSessionTask) {
        guard let own = task.delegate, !(own is PinningDelegate) else { return }
        task.delegate = TaskPinningDelegate(forwardingTo: own, behind: self)
    }

    /// A task of which the session's delegate does not hear itself.
    func ended(_ task: URLSessionTask) {}

    /// Whether the session's cache may have the answer: beside it lies the request, with its token, on the disk as well.
    func mayBeKept(_ request: URLRequest?) -> Bool { !requests.protects(request?.url) }

    // Who is asked about a task, in this order, and what its token is bound to. A session's relay knows more.
    func delegates(of task: URLSessionTask) -> [any URLSessionTaskDelegate] {
        wrapped.flatMap(Forward.asTask).map { [$0] } ?? []
    }

    func binding(of task: URLSessionTask) -> Data? { TokenBindings.shared.binding(of: task) }

    /// A task has been made, and not resumed yet.
    func begins(_ task: URLSessionTask) { refusals.begins(task) }

    /// The system says so, also of what an app's own session makes.
    func isMade(_ task: URLSessionTask) {
        begins(task)
        TokenBindings.shared.hold(for: task)
    }

    /// Whether its caller has cancelled it, as far as that can be known.
    func isCancelled(_ task: URLSessionTask) -> Bool { false }

    /// What this very task is to send after a redirect; nil: nothing.
    ///
    /// - Parameter proposed: what the system would send; a delegate has made `request` of it.
    func follows(_ request: URLRequest, proposed: URLRequest, in task: URLSessionTask) throws -> URLRequest? { request }

    public func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        let wrapped = wrapped
        answer(challenge, of: session, task: nil, completionHandler) {
            Forward.challenge($0, of: session, to: wrapped, completionHandler)
        }
    }

    public func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        let delegates = delegates(of: task)
        answer(challenge, of: session, task: task, completionHandler) {
            Forward.challenge($0, of: session, task: task, to: delegates, completionHandler)
        }
    }

    private func answer(
        _ challenge: URLAuthenticationChallenge, of session: URLSession, task: URLSessionTask?,
        _ completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void,
        passed: @escaping @Sendable (URLAuthenticationChallenge) -> Void
    ) {
        // Passwords, client certificates and proxies are the app's business.
        guard challenge.isServerTrust else { return passed(challenge) }
        let host = challenge.protectionSpace.host
        let trust = challenge.protectionSpace.serverTrust.map(ServerTrust.init)
        let (challenge, task) = (Carried(challenge), Carried(task))
        let end = { @Sendable [refusals] (judgement: ChannelGuard.Judgement) in
            switch judgement {
            case .passed:
                refusals.forget(host: host)
                // Where the system would have asked: a delegate may rely on it, and end the process elsewhere.
                session.delegateQueue.addOperation { passed(challenge.value) }
            case .refused(let error):
                refusals.put(error, task: task.value, host: host)
                completionHandler(.cancelAuthenticationChallenge, nil)
            }
        }
        ServerTrust.asynchronously { [channel] in
            if let judgement = channel.judgeAtOnce(host: host, trust: trust) { return end(judgement) }
            Task { end(await channel.judge(host: host, trust: trust)) }
        }
    }

    public func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let (binding, source) = (binding(of: task), response.url)
        Forward.redirect(to: request, by: response, of: session, task: task, to: delegates(of: task)) { [self] wanted in
            guard let wanted else { return completionHandler(nil) }
            let task = Carried(task)
            Task { [requests, refusals] in
                do {
                    let prepared = try await requests.prepare(wanted, binding: binding, from: source)
                    completionHandler(try follows(prepared, proposed: request, in: task.value))
                } catch {
                    refusals.put(
                        error.bonafide ?? BonafideError(.internalError, detail: "\(error)"), task: task.value, host: nil)
                    // In this order: Foundation on Linux takes no answer for a task that was cancelled.
                    completionHandler(nil)
                    task.value.cancel()
                }
            }
        }
    }

    public func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        Forward.completed(explained(error, of: task), of: session, task: task, to: delegates(of: task))
        TokenBindings.shared.release(task)
    }

    /// Why a task was stopped, for where the system only says that it was cancelled.
    func explained(_ error: (any Error)?, of task: URLSessionTask) -> (any Error)? {
        let url = task.currentRequest?.url ?? task.originalRequest?.url
        // A connection that was refused brought no answer; one that a redirect came from is another.
        let isAnswered = task.response != nil && task.response?.url == url
        let mayBeRefused = (error as? URLError)?.code == .cancelled && !isAnswered && !isCancelled(task)
        let refusal = refusals.take(of: task, host: mayBeRefused ? url?.host : nil)
        // A redirect that was refused may have ended as an answer before it could be cancelled.
        return refusal?.asURLError(for: url) ?? error
    }

    #if canImport(ObjectiveC)
        // The class has no other method of its protocol.
        @objc(URLSession:dataTask:willCacheResponse:completionHandler:)
        public func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
            completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
        ) {
            guard mayBeKept(dataTask.currentRequest) else { return completionHandler(nil) }
            Forward.cached(proposedResponse, of: session, task: dataTask, to: delegates(of: dataTask), completionHandler)
        }

        /// From iOS 16 on, for every task: before whoever made it has it.
        public func urlSession(_ session: URLSession, didCreateTask task: URLSessionTask) {
            isMade(task)
            Forward.created(task, of: session, to: wrapped)
            guards(task)
        }

        public override func responds(to selector: Selector!) -> Bool {
            // A delegate that judges servers per task is asked per task: the system does so where no session-level method
            // is. Without any, the task is worth knowing as well.
            if selector == Forward.sessionChallenge { return wrapped?.responds(to: selector) == true }
            return super.responds(to: selector) || wrapped?.responds(to: selector) == true
        }

        public override func forwardingTarget(for selector: Selector!) -> Any? {
            wrapped?.responds(to: selector) == true ? wrapped : super.forwardingTarget(for: selector)
        }
    #else
        // Without a runtime to ask, each method of the other protocols is forwarded by hand (Forward+Linux.swift).
        // They stand here since an extension's cannot be overridden.
        public func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
            wrapped?.urlSession(session, didBecomeInvalidWithError: error)
        }

        public func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
        ) {
            guard let data else { return completionHandler(.allow) }
            data.urlSession(session, dataTask: dataTask, didReceive: response, completionHandler: completionHandler)
        }

        public func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
            completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
        ) {
            guard mayBeKept(dataTask.currentRequest) else { return completionHandler(nil) }
            Forward.cached(proposedResponse, of: session, task: dataTask, to: delegates(of: dataTask), completionHandler)
        }

        public func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            self.data?.urlSession(session, dataTask: dataTask, didReceive: data)
        }

        public func urlSession(
            _ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL
        ) {
            download?.urlSession(session, downloadTask: downloadTask, didFinishDownloadingTo: location)
        }
    #endif
}
