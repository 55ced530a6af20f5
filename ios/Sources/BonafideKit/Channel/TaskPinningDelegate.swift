import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A delegate that somebody has set on a task, behind the pins. The system asks it in place of the session's, and so this
/// knows all that the session's ``PinningDelegate`` does of the task.
final class TaskPinningDelegate: PinningDelegate, @unchecked Sendable {
    private let ofSession: PinningDelegate

    init(forwardingTo own: any URLSessionTaskDelegate, behind ofSession: PinningDelegate) {
        self.ofSession = ofSession
        super.init(forwardingTo: own, as: ofSession)
    }

    override func delegates(of task: URLSessionTask) -> [any URLSessionTaskDelegate] {
        super.delegates(of: task) + ofSession.delegates(of: task)
    }

    override func binding(of task: URLSessionTask) -> Data? { ofSession.binding(of: task) }

    override func isCancelled(_ task: URLSessionTask) -> Bool { ofSession.isCancelled(task) }

    override func follows(_ request: URLRequest, proposed: URLRequest, in task: URLSessionTask) throws -> URLRequest? {
        try ofSession.follows(request, proposed: proposed, in: task)
    }

    override func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        super.urlSession(session, task: task, didCompleteWithError: error)
        ofSession.ended(task)
    }
}
