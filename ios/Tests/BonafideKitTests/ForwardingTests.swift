import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Each method of the app's delegate is reached through a pinning delegate that the system's Foundation calls.
final class ForwardingTests: XCTestCase {
    // Foundation on Linux ends the process now and then when a session goes away.
    private static let kept = Locked([URLSession]())

    func testADelegateOfASessionOfTheAppsOwnHearsEverything() async throws {
        let stage = try RealStage.open()
        let fake = FakeProtection()
        fake.protect("localhost", token: "t1")
        let delegate = Everything()
        let pinning = PinningDelegate(forwardingTo: delegate, protection: fake)
        let session = URLSession(configuration: .default, delegate: pinning, delegateQueue: nil)
        Self.kept.with { $0.append(session) }

        var redirect = URLComponents(url: stage.echo.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        redirect.queryItems = [URLQueryItem(name: "to", value: stage.other.absoluteString + "/landed")]
        var request = URLRequest(url: redirect.url!)
        request = try await RequestGuard(protection: fake, wait: 5).prepare(request, binding: nil)
        XCTAssertEqual(request.value(forHTTPHeaderField: "Bonafide-Token"), "t1")
        session.dataTask(with: request).resume()
        await delegate.waits("completed")
        let landed = try Echo(delegate.body.now)
        XCTAssertEqual(landed.path, "/landed")
        XCTAssertNil(landed.header("Bonafide-Token"), "the token followed a redirect to a stranger")
        session.downloadTask(with: stage.other).resume()
        await delegate.waits("file")
        var upload = URLRequest(url: stage.other)
        upload.httpMethod = "POST"
        session.uploadTask(with: upload, from: Data("x".utf8)).resume()
        await delegate.waits("sent")
        session.finishTasksAndInvalidate()
        await delegate.waits("invalid")
        for call in ["redirect", "response", "data", "completed", "file", "written", "sent", "invalid"] {
            XCTAssertTrue(delegate.calls.now.contains(call), "\(call) is not among \(delegate.calls.now)")
        }
    }

    /// What no request above brings about.
    func testTheRestIsForwardedToo() {
        let delegate = Everything()
        let pinning = PinningDelegate(forwardingTo: delegate, protection: FakeProtection())
        let task = URLSession.shared.dataTask(with: URL(string: "https://localhost:1")!)
        #if canImport(ObjectiveC)
            pinning.urlSession(.shared, didCreateTask: task)
            XCTAssertTrue(delegate.calls.now.contains("created"))
            // The runtime asks these two, and then calls the delegate itself.
            for selector in [
                #selector(URLSessionWebSocketDelegate.urlSession(_:webSocketTask:didOpenWithProtocol:)),
                #selector(URLSessionWebSocketDelegate.urlSession(_:webSocketTask:didCloseWith:reason:)),
                #selector(URLSessionTaskDelegate.urlSession(_:task:needNewBodyStream:)),
            ] {
                XCTAssertTrue(pinning.responds(to: selector), "\(selector)")
                XCTAssertTrue(pinning.forwardingTarget(for: selector) as AnyObject? === delegate, "\(selector)")
                XCTAssertFalse(PinningDelegate(protection: FakeProtection()).responds(to: selector), "\(selector)")
            }
        #else
            let socket = URLSession.shared.webSocketTask(with: URLRequest(url: URL(string: "wss://localhost:1")!))
            pinning.urlSession(.shared, webSocketTask: socket, didOpenWithProtocol: nil)
            pinning.urlSession(.shared, webSocketTask: socket, didCloseWith: .normalClosure, reason: nil)
            pinning.urlSession(.shared, task: task, needNewBodyStream: { _ in })
            for call in ["opened", "closed", "stream"] { XCTAssertTrue(delegate.calls.now.contains(call), call) }
        #endif
    }
}

private final class Everything: NSObject, URLSessionDataDelegate, URLSessionDownloadDelegate, URLSessionWebSocketDelegate {
    let calls = Locked(Set<String>())
    let body = Locked(Data())

    private func heard(_ call: String) {
        calls.with { _ = $0.insert(call) }
    }

    func waits(_ call: String) async {
        while !calls.now.contains(call) { await Task.yield() }
    }

    #if canImport(ObjectiveC)
        func urlSession(_ session: URLSession, didCreateTask task: URLSessionTask) { heard("created") }
    #endif

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) { heard("invalid") }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        heard("redirect")
        completionHandler(request)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, needNewBodyStream completionHandler: @escaping @Sendable (InputStream?) -> Void
    ) {
        heard("stream")
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
        totalBytesExpectedToSend: Int64
    ) {
        heard("sent")
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) { heard("completed") }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        heard("response")
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        heard("data")
        if !calls.now.contains("completed") { body.with { $0.append(data) } }
    }

    func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
        heard("file")
        // Foundation on Linux leaves it lying.
        try? FileManager.default.removeItem(at: location)
    }

    func urlSession(
        _ session: URLSession, downloadTask: URLSessionDownloadTask, didWriteData bytesWritten: Int64,
        totalBytesWritten: Int64, totalBytesExpectedToWrite: Int64
    ) {
        heard("written")
    }

    func urlSession(_ session: URLSession, webSocketTask: URLSessionWebSocketTask, didOpenWithProtocol protocol: String?) {
        heard("opened")
    }

    func urlSession(
        _ session: URLSession, webSocketTask: URLSessionWebSocketTask, didCloseWith closeCode: URLSessionWebSocketTask.CloseCode,
        reason: Data?
    ) {
        heard("closed")
    }
}
