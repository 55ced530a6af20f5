import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Where an app's delegate is asked, and by which of its methods: as the system would do it, since delegates rely on that.
final class AskedDelegateTests: XCTestCase {
    private let fake = FakeProtection()
    private let url = URL(string: "https://localhost:1/x")!
    // Foundation on Linux ends the process now and then when a session goes away.
    private static let kept = Locked([URLSession]())

    private func session(_ delegate: any URLSessionDelegate) -> URLSession {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        let session = URLSession(configuration: .default, delegate: delegate, delegateQueue: queue)
        Self.kept.with { $0.append(session) }
        return session
    }

    /// Alamofire ends the process where it is asked anywhere else, and so does Swift where a delegate is an actor's.
    func testItIsAskedAboutAServerOnTheSessionsQueue() async throws {
        let apps = Somewhere()
        let pinning = PinningDelegate(forwardingTo: apps, protection: fake)
        let session = session(pinning)
        for pins in [nil, [try Acme.certificate("leaf")]] {
            pins.map { fake.pin("api.acme.com", to: $0) }
            let challenge = try Challenges.server("api.acme.com")
            _ = await pinning.answer(challenge, of: session.dataTask(with: url), in: session)
            _ = await pinning.answer(challenge, in: session)
        }
        XCTAssertEqual(apps.queues.now.count, 4)
        XCTAssertTrue(apps.queues.now.allSatisfy { $0 === session.delegateQueue }, "\(apps.queues.now)")
    }

    /// Some apps block threads of Swift's pool until their request has ended.
    func testAServerIsJudgedWhileTheAppBlocksEachThreadOfThePool() throws {
        let (blocked, gate, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let block = { @Sendable in
            blocked.signal()
            gate.wait()
        }
        let threads = ProcessInfo.processInfo.activeProcessorCount
        for _ in 0..<threads { Task.detached { block() } }
        defer { for _ in 0..<threads { gate.signal() } }
        for _ in 0..<threads { blocked.wait() }
        fake.pin("api.acme.com", to: [try Acme.certificate("leaf")])
        let pinning = PinningDelegate(protection: fake)
        let session = session(pinning)
        let answer = Locked(URLSession.AuthChallengeDisposition?.none)
        pinning.urlSession(session, task: session.dataTask(with: url), didReceive: try Challenges.server("api.acme.com")) { given, _ in
            answer.with { $0 = given }
            done.signal()
        }
        XCTAssertEqual(done.wait(timeout: .now() + 60), .success, "the request waits for a thread, and the thread for the request")
        XCTAssertEqual(answer.now, .performDefaultHandling)
    }

    /// A session for each set of pins, and the app's delegate is told of one thing after the other, all the same.
    func testAllSessionsBehindOneShareItsQueue() throws {
        fake.pin("localhost", to: [])
        for own in [nil, OperationQueue()] {
            let sessions = InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: nil, queue: own)
            let (first, second) = (try queue(of: sessions, url), try queue(of: sessions, URL(string: "https://127.0.0.1:1")!))
            XCTAssertTrue(first === second)
            if let own { XCTAssertTrue(first === own) } else { XCTAssertEqual(first.maxConcurrentOperationCount, 1) }
        }
    }

    private func queue(of sessions: InnerSessions, _ url: URL) throws -> OperationQueue {
        var found: OperationQueue?
        let task = try sessions.make(for: url) { session in
            found = session.delegateQueue
            return session.dataTask(with: url)
        } registered: { _, _ in }
        task.cancel()
        return try XCTUnwrap(found)
    }

    /// The system asks no delegate of a session for a password, and usual code cancels there whatever is no server's.
    func testAMethodOfTheSessionIsNotAskedForAPassword() async throws {
        let apps = CancelsTheRest()
        let pinning = PinningDelegate(forwardingTo: apps, protection: fake)
        let task = session(pinning).dataTask(with: url)
        let answer = await pinning.answer(Challenges.password("localhost"), of: task)
        XCTAssertEqual(answer, .systemDecides)
        XCTAssertEqual(apps.asked.now, 0)
    }

    /// A pinning delegate declares two protocols, and forwards what belongs to others.
    func testAPinningDelegateBehindASessionHearsOfFiles() throws {
        let (apps, file) = (Files(), try temporaryFolder().appendingPathComponent("file"))
        let sessions = InnerSessions(
            protection: fake, wait: 1, configuration: .default, delegate: PinningDelegate(forwardingTo: apps, protection: fake),
            queue: nil)
        let (url, relay) = (url, Locked(SessionRelay?.none))
        let task = try sessions.make(for: url) { $0.downloadTask(with: url) } registered: { task, made in
            made.bind(task, to: nil)
            relay.with { $0 = made }
        }
        relay.with { $0 }!.urlSession(.shared, downloadTask: task, didFinishDownloadingTo: file)
        XCTAssertEqual(apps.files.now, [file])
        task.cancel()
    }

    /// A body that is a stream is asked for again after a password or a connection that broke.
    func testTheDelegateOfACallIsAskedForItsBodyAgain() throws {
        let (ofCall, ofSession) = (Streams(), Streams())
        let sessions = InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: ofSession, queue: nil)
        let handler = Handler(.memory, binding: nil, delegate: ofCall)
        let (url, given) = (url, Locked(false))
        let task = try sessions.make(for: url) { $0.dataTask(with: url) } registered: { task, relay in
            relay.run(task, by: handler)
            relay.urlSession(.shared, task: task) { stream in given.with { $0 = stream != nil } }
        }
        XCTAssertEqual([ofCall.asked.now, ofSession.asked.now], [1, 0])
        XCTAssertTrue(given.now)
        task.cancel()
    }
}

private final class Somewhere: NSObject, URLSessionTaskDelegate {
    let queues = Locked([OperationQueue?]())

    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        queues.with { $0.append(.current) }
        completionHandler(.performDefaultHandling, nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        queues.with { $0.append(.current) }
        completionHandler(.performDefaultHandling, nil)
    }
}

private final class CancelsTheRest: NSObject, URLSessionTaskDelegate {
    let asked = Locked(0)

    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        asked.with { $0 += 1 }
        completionHandler(.cancelAuthenticationChallenge, nil)
    }
}

private final class Files: NSObject, URLSessionDownloadDelegate {
    let files = Locked([URL]())

    func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
        files.with { $0.append(location) }
    }
}

private final class Streams: NSObject, URLSessionTaskDelegate {
    let asked = Locked(0)

    func urlSession(
        _ session: URLSession, task: URLSessionTask, needNewBodyStream completionHandler: @escaping @Sendable (InputStream?) -> Void
    ) {
        asked.with { $0 += 1 }
        completionHandler(InputStream(data: Data("x".utf8)))
    }
}
