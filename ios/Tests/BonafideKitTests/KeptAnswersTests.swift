import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// An app's cache lies on the disk, and beside each answer the request, with its headers. The system asks its delegate
/// before it keeps one; these tests ask as it does.
final class KeptAnswersTests: XCTestCase {
    private let fake = FakeProtection()
    private let mine = URL(string: "https://localhost:1/x")!
    private let theirs = URL(string: "https://other.example/x")!

    private func isKept(_ url: URL, by delegate: PinningDelegate, _ task: URLSessionDataTask) -> Bool {
        let kept = Locked(Bool?.none)
        let head = URLResponse(url: url, mimeType: nil, expectedContentLength: 1, textEncodingName: nil)
        let answer = CachedURLResponse(response: head, data: Data("x".utf8))
        delegate.urlSession(.shared, dataTask: task, willCacheResponse: answer) { allowed in kept.with { $0 = allowed != nil } }
        return kept.now ?? false
    }

    func testASessionOfTheAppsOwnKeepsNoToken() {
        fake.protect("localhost")
        let delegate = PinningDelegate(protection: fake)
        XCTAssertFalse(isKept(mine, by: delegate, URLSession.shared.dataTask(with: mine)))
        XCTAssertTrue(isKept(theirs, by: delegate, URLSession.shared.dataTask(with: theirs)))
        // What cannot be told is not kept.
        let closed = BonafideProtection()
        closed.close()
        XCTAssertFalse(isKept(theirs, by: PinningDelegate(protection: closed), URLSession.shared.dataTask(with: theirs)))
    }

    func testTheAppsOwnWordCountsWhereItMayBeKept() {
        let delegate = PinningDelegate(forwardingTo: KeepsNothing(), protection: fake)
        XCTAssertFalse(isKept(theirs, by: delegate, URLSession.shared.dataTask(with: theirs)))
    }

    /// The system asks a task's own delegate in place of the session's.
    func testTheAppsOwnWordCountsBehindADelegateOfATask() {
        let task = URLSession.shared.dataTask(with: theirs)
        let strict = PinningDelegate(forwardingTo: KeepsNothing(), protection: fake)
        let silent = TaskPinningDelegate(forwardingTo: SaysNothing(), behind: strict)
        XCTAssertFalse(isKept(theirs, by: silent, task), "the session's delegate was not asked")
        let lax = PinningDelegate(protection: fake)
        XCTAssertTrue(isKept(theirs, by: TaskPinningDelegate(forwardingTo: SaysNothing(), behind: lax), task))
        XCTAssertFalse(isKept(theirs, by: TaskPinningDelegate(forwardingTo: KeepsNothing(), behind: lax), task))
    }

    func testABonafideSessionKeepsNoAnswerToARequestWithAToken() throws {
        let (configuration, apps) = (URLSessionConfiguration.default, URLCache.inMemory(1 << 20))
        configuration.urlCache = apps
        let sessions = InnerSessions(protection: fake, wait: 1, configuration: configuration, delegate: nil, queue: nil)
        fake.protect("localhost")
        try made(sessions, mine) { task, relay, session in
            XCTAssertTrue(session.configuration.urlCache === apps)
            XCTAssertFalse(isKept(mine, by: relay, task))
        }
        try made(sessions, theirs) { task, relay, _ in XCTAssertTrue(isKept(theirs, by: relay, task)) }
        fake.pin("localhost", to: [])
        try made(sessions, mine) { task, relay, session in
            XCTAssertFalse(session.configuration.urlCache === apps)
            XCTAssertEqual(session.configuration.urlCache?.diskCapacity, 0)
            XCTAssertFalse(isKept(mine, by: relay, task), "the next user would be shown the answers of the one before")
            let plain = URLSession.shared.dataTask(with: theirs)
            XCTAssertTrue(isKept(theirs, by: relay, plain), "an answer to a request without a token")
        }
    }

    func testAnAppThatWantsNoCacheGetsNone() throws {
        let configuration = URLSessionConfiguration.default
        configuration.urlCache = nil
        let sessions = InnerSessions(protection: fake, wait: 1, configuration: configuration, delegate: nil, queue: nil)
        fake.pin("localhost", to: [])
        try made(sessions, mine) { _, _, session in XCTAssertNil(session.configuration.urlCache) }
    }

    private func made(
        _ sessions: InnerSessions, _ url: URL, _ look: (URLSessionDataTask, SessionRelay, URLSession) -> Void
    ) throws {
        let session = Locked(URLSession?.none)
        let task = try sessions.make(for: url) { made -> URLSessionDataTask in
            session.with { $0 = made }
            return made.dataTask(with: url)
        } registered: { task, relay in
            look(task, relay, session.with { $0 }!)
        }
        task.cancel()
    }
}

private final class KeepsNothing: NSObject, URLSessionDataDelegate {
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {}

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
        completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
    ) {
        completionHandler(nil)
    }
}

private final class SaysNothing: NSObject, URLSessionTaskDelegate {}
