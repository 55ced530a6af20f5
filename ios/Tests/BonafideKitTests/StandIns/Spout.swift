#if os(Linux)
// Of Linux alone: see BackPressureTests.
import Foundation

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A server in the session itself that keeps to `suspend` and goes on at `resume`, as Apple's loader does; libcurl's, on
/// Linux, starts over. For `https://spout.test/`, in a session whose delegate queue is ``Spout/queue``.
final class Spout: URLProtocol, @unchecked Sendable {
    static let host = "spout.test"
    static let chunk = 1 << 14
    static let total = 3 << 20

    /// What the spout of the running test has done.
    struct Flow {
        var given = 0
        var isStalled = false
    }

    static let flow = Locked(Flow())

    static func configuration() -> URLSessionConfiguration {
        let configuration = URLSessionConfiguration.default
        configuration.protocolClasses = [Spout.self] + (configuration.protocolClasses ?? [])
        flow.with { $0 = Flow() }
        return configuration
    }

    /// The next chunk waits here for the one before, so that it never runs ahead of the delegate.
    static let queue: OperationQueue = {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        return queue
    }()

    /// Until it was told to wait, or has given everything.
    static func stalls() async {
        while flow.with({ !$0.isStalled && $0.given < total }) { await Task.yield() }
    }

    static func byte(at place: Int) -> UInt8 { UInt8(place / chunk % 251) }

    override class func canInit(with request: URLRequest) -> Bool { request.url?.host == host }

    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    override func startLoading() {
        if Self.flow.with({ $0.given }) == 0, let url = request.url {
            let head = URLResponse(url: url, mimeType: nil, expectedContentLength: Self.total, textEncodingName: nil)
            client?.urlProtocol(self, didReceive: head, cacheStoragePolicy: .notAllowed)
        }
        Self.queue.addOperation { self.goesOn() }
    }

    override func stopLoading() {}

    private func goesOn() {
        guard task?.state == .running else { return Self.flow.with { $0.isStalled = true } }
        let place = Self.flow.with { flow in
            defer { flow.given += Self.chunk }
            flow.isStalled = false
            return flow.given
        }
        guard place < Self.total else { return }
        client?.urlProtocol(self, didLoad: Data(repeating: Self.byte(at: place), count: Self.chunk))
        if place + Self.chunk == Self.total { client?.urlProtocolDidFinishLoading(self) } else { Self.queue.addOperation { self.goesOn() } }
    }
}
#endif
