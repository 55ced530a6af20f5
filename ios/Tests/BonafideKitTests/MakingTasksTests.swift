import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// On Apple's systems the app's delegate is called while a task is made (`urlSession(_:didCreateTask:)`), and may end the
/// session or begin another request there. Here the closure that makes the task stands for it: Foundation on Linux calls
/// nobody.
final class MakingTasksTests: XCTestCase {
    private let fake = FakeProtection()
    private let url = URL(string: "https://localhost:1/x")!

    private func sessions(_ delegate: (any URLSessionDelegate)? = nil) -> InnerSessions {
        InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: delegate, queue: nil)
    }

    private func handler() -> Handler { Handler(.memory, binding: nil, delegate: nil) }

    func testAnEndWhileATaskIsMadeWaitsForItAndEndsIt() async throws {
        let ended = Ended()
        let (sessions, handler, url) = (sessions(ended), handler(), url)
        let task = try sessions.make(for: url) { session in
            sessions.end(cancelling: true)
            XCTAssertFalse(ended.isTold.now, "the session is invalid while a task is made in it")
            return session.dataTask(with: url)
        } registered: {
            $1.run($0, by: handler)
        }
        XCTAssertTrue([.canceling, .completed].contains(task.state), "\(task.state)")
        await XCTAssertThrowsAsync({ try await handler.finished.value() }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        await ended.waits()
        XCTAssertThrowsError(try sessions.make(for: url) { $0.dataTask(with: url) } registered: { _, _ in }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cancelled)
        }
    }

    /// Where the end of the session, which waits for its maker, does not reach it any more, or not yet.
    func testATaskThatIsMadeWhileItsSessionIsCancelledIsToldItself() throws {
        for isCancelling in [true, false] {
            let (sessions, handler, task) = (sessions(), handler(), RecordedTask(url))
            _ = try sessions.make(for: url) { _ in
                sessions.end(cancelling: isCancelling)
                return task
            } registered: {
                $1.run($0, by: handler)
            }
            XCTAssertEqual(task.calls.now, isCancelling ? ["cancel"] : [])
        }
    }

    func testAnEndThatLetsTasksFinishLetsThisOne() async throws {
        let stage = try RealStage.open()
        let ended = Ended()
        let (sessions, handler) = (sessions(ended), handler())
        let task = try sessions.make(for: stage.echo) { session in
            sessions.end(cancelling: false)
            return session.dataTask(with: stage.echo)
        } registered: {
            $1.run($0, by: handler)
        }
        task.resume()
        let end = try await handler.finished.value()
        XCTAssertEqual((end.response as? HTTPURLResponse)?.statusCode, 200)
        await ended.waits()
    }

    func testAnotherTaskIsMadeMeanwhileAndNewPinsRetireTheSessionOnlyThen() async throws {
        let stage = try RealStage.open()
        let (sessions, handlers, seen) = (sessions(), [handler(), handler()], Locked([ObjectIdentifier]()))
        let fake = fake
        let first = try sessions.make(for: stage.echo) { session in
            fake.protect("another.example")
            let second = try sessions.make(for: stage.echo) { other in
                seen.with { $0.append(ObjectIdentifier(other)) }
                return other.dataTask(with: stage.echo)
            } registered: {
                $1.run($0, by: handlers[1])
            }
            second.resume()
            seen.with { $0.append(ObjectIdentifier(session)) }
            // An Objective-C exception where the session were invalid by now.
            return session.dataTask(with: stage.echo)
        } registered: {
            $1.run($0, by: handlers[0])
        }
        first.resume()
        for handler in handlers {
            let end = try await handler.finished.value()
            XCTAssertEqual((end.response as? HTTPURLResponse)?.statusCode, 200)
        }
        XCTAssertEqual(Set(seen.now).count, 2, "the session with the old pins was used again")
    }

    func testAMakerThatFailsKeepsNoSessionFromItsEnd() async throws {
        let ended = Ended()
        let (sessions, url) = (sessions(ended), url)
        XCTAssertThrowsError(
            try sessions.make(for: url) { _ -> URLSessionDataTask in
                sessions.end(cancelling: false)
                throw URLError(.httpTooManyRedirects)
            } registered: { _, _ in })
        await ended.waits()
    }
}

private final class Ended: NSObject, URLSessionDelegate {
    let isTold = Locked(false)

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        isTold.with { $0 = true }
    }

    func waits() async {
        while !isTold.now { await Task.yield() }
    }
}
