import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A challenge of a session names no task: which cancelled ones it has stopped, and which their caller has.
final class RefusalsTests: XCTestCase {
    private let fake = FakeProtection()
    // Foundation on Linux ends the process now and then when a session goes away.
    private static let kept = Locked([URLSession]())

    /// By its pins, or where the certificates are of another name than `host`, for that.
    private func refuse(_ host: String, _ delegate: PinningDelegate) async throws {
        fake.intercept(host)
        let answer = await delegate.answer(try Challenges.server(host))
        XCTAssertEqual(answer, .cancelled)
    }

    func testAllThatWaitedForTheRefusedConnectionAreExplainedAndTheOneThatWasCancelledIsNot() async throws {
        let (sessions, relay) = (sessions(), Locked(SessionRelay?.none))
        let handlers = (0..<4).map { _ in Handler(.memory, binding: nil, delegate: nil) }
        var tasks = [URLSessionTask]()
        for handler in handlers {
            let task = try sessions.make(for: Mute.url) { $0.dataTask(with: Mute.url) } registered: { task, made in
                made.run(task, by: handler)
                relay.with { $0 = made }
            }
            task.resume()
            tasks.append(task)
        }
        try await refuse(Mute.host, try XCTUnwrap(relay.with { $0 }))
        handlers[0].cancel()
        // As the system does with what waits for a connection that was refused.
        for task in tasks.dropFirst() { task.cancel() }
        await XCTAssertThrowsAsync({ try await handlers[0].finished.value() }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cancelled, "the user's own cancellation is called an interception")
            XCTAssertNil($0.bonafide)
        }
        for handler in handlers.dropFirst() {
            await XCTAssertThrowsAsync({ try await handler.finished.value() }) { XCTAssertEqual($0.bonafide?.code, .pinMismatch) }
        }
    }

    /// The system's own part, which Foundation on Linux plays differently, is left out: the task is none of its.
    func testTheEndOfASessionIsNoInterception() async throws {
        for isCancelling in [true, false] {
            let (sessions, relay, task) = try recorded()
            try await refuse(Mute.host, relay)
            sessions.end(cancelling: isCancelling)
            let explained = relay.explained(URLError(.cancelled), of: task)
            XCTAssertEqual((explained as? URLError)?.code, isCancelling ? .cancelled : .serverCertificateUntrusted)
            XCTAssertEqual(explained?.bonafide?.code, isCancelling ? nil : .pinMismatch)
        }
    }

    func testATaskThatASessionMadeAfterARefusalWasNotStoppedByIt() async throws {
        // Before, as new pins make a new session.
        fake.intercept(Mute.host)
        let (sessions, relay, before) = try recorded()
        let answer = await relay.answer(try Challenges.server(Mute.host))
        XCTAssertEqual(answer, .cancelled)
        let (after, handed) = (RecordedTask(Mute.url), RecordedTask(Mute.url))
        _ = try sessions.make(for: Mute.url) { _ in after } registered: {
            XCTAssertTrue($1 === relay)
            $1.run($0, by: Handler(.memory, binding: nil, delegate: nil))
        }
        _ = try sessions.make(for: Mute.url) { _ in handed } registered: { $1.bind($0, to: nil) }
        for task in [after, handed] { XCTAssertNil(relay.explained(URLError(.cancelled), of: task)?.bonafide) }
        XCTAssertEqual(relay.explained(URLError(.cancelled), of: before)?.bonafide?.code, .pinMismatch)
    }

    /// A session with one task, which only says what it is told.
    private func recorded() throws -> (InnerSessions, SessionRelay, RecordedTask) {
        let (sessions, relay, task) = (sessions(), Locked(SessionRelay?.none), RecordedTask(Mute.url))
        _ = try sessions.make(for: Mute.url) { _ in task } registered: { task, made in
            made.run(task, by: Handler(.memory, binding: nil, delegate: nil))
            relay.with { $0 = made }
        }
        return (sessions, try XCTUnwrap(relay.with { $0 }), task)
    }

    private func sessions() -> InnerSessions {
        let configuration = URLSessionConfiguration.default
        configuration.protocolClasses = [Mute.self] + (configuration.protocolClasses ?? [])
        return InnerSessions(protection: fake, wait: 1, configuration: configuration, delegate: nil, queue: nil)
    }

    /// In a session of the app's own, where nobody sees who cancels.
    func testATaskThatWasAnsweredWasNotRefused() async throws {
        let stage = try RealStage.open()
        let heard = Heard()
        let delegate = PinningDelegate(forwardingTo: heard, protection: fake)
        let session = URLSession(configuration: .default, delegate: delegate, delegateQueue: nil)
        Self.kept.with { $0.append(session) }
        let task = session.dataTask(with: stage.echo.appendingPathComponent("slow"))
        task.resume()
        await heard.waits { $0.isAnswered }
        try await refuse("localhost", delegate)
        task.cancel()
        await heard.waits { $0.isComplete }
        let error = heard.state.with { $0.error }
        XCTAssertEqual((error as? URLError)?.code, .cancelled)
        XCTAssertNil(error?.bonafide)
    }

    func testAnAnswerThatARedirectCameWithIsNotThisHosts() async throws {
        let heard = Heard()
        let delegate = PinningDelegate(forwardingTo: heard, protection: fake)
        try await refuse("api.acme.com", delegate)
        let task = Redirected(from: URL(string: "https://www.acme.com/")!, to: URL(string: "https://api.acme.com/")!)
        delegate.urlSession(.shared, task: task, didCompleteWithError: URLError(.cancelled))
        XCTAssertEqual(heard.state.with { $0.error }?.bonafide?.code, .pinMismatch)
    }
}

/// In place of the host that challenges are made for: it never answers.
private final class Mute: URLProtocol {
    static let host = "api.acme.com"
    static let url = URL(string: "https://api.acme.com/")!

    override class func canInit(with request: URLRequest) -> Bool { request.url?.host == host }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }
    override func startLoading() {}
    override func stopLoading() {}
}

private final class Redirected: URLSessionDataTask, @unchecked Sendable {
    private let from: URL
    private let to: URL

    init(from: URL, to: URL) {
        (self.from, self.to) = (from, to)
        super.init()
    }

    override var response: URLResponse? {
        URLResponse(url: from, mimeType: nil, expectedContentLength: 0, textEncodingName: nil)
    }
    override var currentRequest: URLRequest? { URLRequest(url: to) }
}

private final class Heard: NSObject, URLSessionDataDelegate {
    struct State {
        var isAnswered = false
        var isComplete = false
        var error: (any Error)?
    }

    let state = Locked(State())

    func waits(_ condition: @escaping @Sendable (State) -> Bool) async {
        while !state.with({ condition($0) }) { await Task.yield() }
    }

    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        completionHandler(.performDefaultHandling, nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        state.with { $0.isAnswered = true }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        state.with { ($0.isComplete, $0.error) = (true, error) }
    }
}
