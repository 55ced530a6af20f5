import Foundation

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Says what it was told, and does nothing. Of no session: nothing that a session does reaches it.
final class RecordedTask: URLSessionDataTask, @unchecked Sendable {
    let calls = Locked([String]())
    private let request: URLRequest?

    init(_ url: URL? = nil) {
        request = url.map { URLRequest(url: $0) }
        super.init()
    }

    init(_ request: URLRequest) {
        self.request = request
        super.init()
    }

    override var originalRequest: URLRequest? { request }
    override var currentRequest: URLRequest? { request }
    override var response: URLResponse? { nil }

    override func suspend() { calls.with { $0.append("suspend") } }
    override func resume() { calls.with { $0.append("resume") } }
    override func cancel() { calls.with { $0.append("cancel") } }
}
