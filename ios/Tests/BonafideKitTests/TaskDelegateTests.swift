import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A delegate that somebody else sets on a task, as an app's own or an SDK's does in `urlSession(_:didCreateTask:)`. The
/// system asks it in place of the session's. Foundation on Linux has no such call: where the task is made stands for it.
final class TaskDelegateTests: XCTestCase {
    private let fake = FakeProtection()
    private let url = URL(string: "https://api.acme.com/x")!

    private func sessions(_ delegate: (any URLSessionDelegate)? = nil) -> InnerSessions {
        InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: delegate, queue: nil)
    }

    /// Of a task that the app runs, and the delegate that the system would ask about it.
    private func handedOut(_ judge: Yes, in sessions: InnerSessions) throws -> (task: URLSessionTask, asked: PinningDelegate) {
        let (url, relay) = (url, Locked(SessionRelay?.none))
        let task = try sessions.make(for: url) {
            let task = $0.downloadTask(with: url)
            task.delegate = judge
            return task
        } registered: { task, made in
            made.bind(task, to: nil)
            relay.with { $0 = made }
        }
        XCTAssertFalse(task.delegate === judge, "the system asks it in place of the pin check")
        return (task, try XCTUnwrap(task.delegate as? PinningDelegate ?? relay.with { $0 }))
    }

    func testOnATaskThatIsHandedOutItIsAskedAfterThePins() async throws {
        let judge = Yes()
        let (task, asked) = try handedOut(judge, in: sessions())
        fake.pin("api.acme.com", to: try Acme.chain())
        let challenge = try Challenges.server("api.acme.com")
        let passed = await asked.answer(challenge, of: task)
        XCTAssertEqual(passed, ChallengeAnswer(disposition: .useCredential, user: "trust me"))
        XCTAssertEqual(judge.asked.now, 1)
        fake.intercept("api.acme.com")
        let refused = await asked.answer(challenge, of: task)
        XCTAssertEqual(refused, .cancelled)
        XCTAssertEqual(judge.asked.now, 1)
        task.cancel()
    }

    /// As the system calls it; Foundation on Linux tells a task's delegate no end of a download.
    func testItHearsOfItsTasksEnd() async throws {
        let judge = Yes()
        let (task, asked) = try handedOut(judge, in: sessions())
        asked.urlSession(.shared, task: task, didCompleteWithError: URLError(.timedOut))
        XCTAssertEqual((judge.error.now as? URLError)?.code, .timedOut)
        task.cancel()
    }

    /// A redirect of such a task is followed by the session's rules, whatever its delegate says.
    func testARedirectToOtherPinsStopsIt() async throws {
        let judge = Yes()
        fake.pin("api.acme.com", to: try Acme.chain())
        let (task, asked) = try handedOut(judge, in: sessions())
        let answer = try XCTUnwrap(HTTPURLResponse(url: url, statusCode: 302, httpVersion: "HTTP/1.1", headerFields: nil))
        for (target, isFollowed) in [("https://api.acme.com/y", true), ("https://pay.acme.com/", false)] {
            fake.pin("pay.acme.com", to: [])
            let next = URLRequest(url: try XCTUnwrap(URL(string: target)))
            let followed = await withCheckedContinuation { continuation in
                asked.urlSession(.shared, task: task, willPerformHTTPRedirection: answer, newRequest: next) {
                    continuation.resume(returning: $0?.url)
                }
            }
            XCTAssertEqual(followed, isFollowed ? next.url : nil)
        }
        asked.urlSession(.shared, task: task, didCompleteWithError: URLError(.cancelled))
        XCTAssertEqual(judge.error.now?.bonafide?.code, .unsupportedClient)
        XCTAssertEqual(judge.redirects.now, 2, "it is not asked")
    }

    func testOnATaskOfTheSessionsOwnItTakesNothingFromIt() async throws {
        let (stage, judge, sessions) = (try RealStage.open(), Yes(), sessions())
        let refused = try own(judge, in: sessions, stage.echo)
        fake.intercept("api.acme.com")
        let no = await refused.relay.answer(try Challenges.server("api.acme.com"), of: refused.task)
        XCTAssertEqual(no, .cancelled)
        XCTAssertEqual(judge.asked.now, 0)
        refused.task.cancel()

        let (task, relay, handler) = try own(judge, in: sessions, stage.echo)
        XCTAssertFalse(task.delegate === judge, "it would get the body")
        fake.forget("api.acme.com")
        let yes = await relay.answer(try Challenges.server("api.acme.com"), of: task)
        XCTAssertEqual(yes.user, "trust me")
        task.resume()
        let end = try await handler.finished.value()
        XCTAssertEqual((end.response as? HTTPURLResponse)?.statusCode, 200)
        XCTAssertTrue(judge.ended.now)
    }

    private func own(
        _ judge: Yes, in sessions: InnerSessions, _ url: URL
    ) throws -> (task: URLSessionTask, relay: SessionRelay, handler: Handler) {
        let (handler, relay) = (Handler(.memory, binding: nil, delegate: nil), Locked(SessionRelay?.none))
        let task = try sessions.make(for: url) {
            let task = $0.dataTask(with: url)
            task.delegate = judge
            return task
        } registered: { task, made in
            made.run(task, by: handler)
            relay.with { $0 = made }
        }
        return (task, try XCTUnwrap(relay.with { $0 }), handler)
    }

    /// Of a session of the app's own.
    func testAPinningDelegatePutsItBehindItself() async throws {
        let (judge, pinning) = (Yes(), PinningDelegate(protection: fake))
        let task = URLSession.shared.dataTask(with: url)
        task.delegate = judge
        pinning.guards(task)
        let asked = try XCTUnwrap(task.delegate as? PinningDelegate)
        fake.intercept("api.acme.com")
        let answer = await asked.answer(try Challenges.server("api.acme.com"), of: task)
        XCTAssertEqual(answer, .cancelled)
        XCTAssertEqual(judge.asked.now, 0)
        pinning.guards(task)
        XCTAssertTrue(task.delegate === asked, "it was wrapped twice")
        task.cancel()
    }
}

/// Trusts every server, and follows every redirect.
private final class Yes: NSObject, URLSessionTaskDelegate {
    let asked = Locked(0)
    let redirects = Locked(0)
    let ended = Locked(false)
    let error = Locked((any Error)?.none)

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        asked.with { $0 += 1 }
        completionHandler(.useCredential, URLCredential(user: "trust me", password: "", persistence: .none))
    }

    // Foundation on Linux gives a delegate without this one that never answers.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        redirects.with { $0 += 1 }
        completionHandler(request)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        self.error.with { $0 = error }
        ended.with { $0 = true }
    }
}
