import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Redirects out of a session: no connection that nobody pinned stays among the pinned ones, and none is lost to an end.
final class StraysTests: XCTestCase {
    private let fake = FakeProtection()

    private func redirect(_ host: URL, to target: URL) -> URL {
        var url = URLComponents(url: host.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "to", value: target.absoluteString)]
        return url.url!
    }

    /// A server that is not pinned may show a certificate for the pinned host as well, and would be sent its requests.
    func testAPinnedHostSharesNoConnectionWithAnUnpinnedOneThatItRedirectedTo() async throws {
        let stage = try RealStage.open()
        let seen = Seen()
        let session = BonafideSession(protection: fake, delegate: seen)
        fake.pin("localhost", to: try RealStage.certificates(stage.chain))
        let (data, _) = try await session.data(from: redirect(stage.echo, to: stage.other.appendingPathComponent("landed")))
        XCTAssertEqual(try Echo(data).path, "/landed")
        _ = try await session.data(from: stage.echo)
        XCTAssertEqual(seen.sessions.now.count, 2, "both over the same session's connections")
    }

    func testWhereATaskCannotMoveTheNextOneGoesToANewSession() async throws {
        let stage = try RealStage.open()
        let seen = Seen()
        let session = BonafideSession(protection: fake, delegate: seen)
        fake.pin("localhost", to: try RealStage.certificates(stage.chain))
        let url = redirect(stage.echo, to: stage.other.appendingPathComponent("landed"))
        try await session.downloadTask(with: URLRequest(url: url)).resume()
        await seen.waits { $0.sessions.now.count == 1 }
        XCTAssertEqual(seen.files.now, 1, "an honest download was stopped")
        _ = try await session.data(from: stage.echo)
        XCTAssertEqual(seen.sessions.now.count, 2, "both over the same session's connections")
        XCTAssertEqual(seen.ends.now, 0, "the app hears of a session that it did not make")
    }

    /// Its session has a connection to the unpinned host by then, which may show the pinned one's name too.
    func testATaskThatStrayedDoesNotComeBack() async throws {
        let stage = try RealStage.open()
        let seen = Seen()
        let session = BonafideSession(protection: fake, delegate: seen)
        fake.pin("localhost", to: try RealStage.certificates(stage.chain))
        let back = redirect(stage.other, to: stage.echo.appendingPathComponent("home"))
        try await session.downloadTask(with: URLRequest(url: redirect(stage.echo, to: back))).resume()
        await seen.waits { $0.sessions.now.count == 1 }
        XCTAssertFalse(seen.bodies.now.contains("/home"), "it came back over a session with an unchecked connection")
        XCTAssertEqual(seen.errors.now.first?.bonafide?.code, .unsupportedClient)
        // What the session itself runs goes on in another one.
        let (data, _) = try await session.data(from: redirect(stage.echo, to: back))
        XCTAssertEqual(try Echo(data).path, "/home")
    }

    /// One that was begun before its session strayed, and is redirected within its pins after.
    func testWhatIsUnderWayInASessionThatStrayedMovesToANewOne() async throws {
        let stage = try RealStage.open()
        let seen = Seen()
        let session = BonafideSession(protection: fake, delegate: seen)
        fake.pin("localhost", to: try RealStage.certificates(stage.chain))
        let within = redirect(stage.echo, to: stage.echo.appendingPathComponent("home"))
        let away = redirect(stage.echo, to: stage.other.appendingPathComponent("landed"))
        let strays = try await session.downloadTask(with: URLRequest(url: away))
        let underWay = Held()
        seen.redirects.with { $0 = underWay }
        async let moved = session.data(from: within)
        await underWay.waits()
        seen.redirects.with { $0 = nil }
        strays.resume()
        await seen.waits { $0.sessions.now.count == 1 }
        underWay.goesOn()
        let (data, _) = try await moved
        XCTAssertEqual(try Echo(data).path, "/home")
        XCTAssertEqual(seen.sessions.now.count, 2, "it went on among unchecked connections")
    }

    func testWhatIsUnderWayFinishesAcrossARedirectToOtherPins() async throws {
        let stage = try RealStage.open()
        let seen = Seen()
        let session = BonafideSession(protection: fake, delegate: seen)
        fake.pin("localhost", to: try RealStage.certificates(stage.chain))
        seen.redirected.with { $0 = { session.finishTasksAndInvalidate() } }
        let (data, _) = try await session.data(from: redirect(stage.other, to: stage.echo.appendingPathComponent("home")))
        XCTAssertEqual(try Echo(data).path, "/home")
        await seen.waits { $0.ends.now > 0 }
        XCTAssertEqual(seen.ends.now, 1)
        await XCTAssertThrowsAsync({ try await session.data(from: stage.echo) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cancelled)
        }
    }

    func testAfterACancellationNothingGoesOnElsewhere() throws {
        let sessions = InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: nil, queue: nil)
        let url = URL(string: "https://api.acme.com/")!
        sessions.end(cancelling: false)
        sessions.end(cancelling: true)
        XCTAssertThrowsError(
            try sessions.make(for: url, goesOn: true, { $0.dataTask(with: url) }, registered: { _, _ in })
        ) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
    }
}

/// A redirect that waits for the test.
private final class Held: Sendable {
    private let answer = Locked((@Sendable () -> Void)?.none)

    func hold(_ answer: @escaping @Sendable () -> Void) {
        self.answer.with { $0 = answer }
    }

    func waits() async {
        while answer.with({ $0 == nil }) { await Task.yield() }
    }

    func goesOn() { answer.now?() }
}

/// Which sessions' tasks have ended, and what came of them.
private final class Seen: NSObject, URLSessionDownloadDelegate {
    let sessions = Locked(Set<ObjectIdentifier>())
    let files = Locked(0)
    let bodies = Locked("")
    let ends = Locked(0)
    let errors = Locked([any Error]())
    /// Keeps a redirect waiting.
    let redirects = Locked(Held?.none)
    /// Called at a redirect, before it is followed.
    let redirected = Locked((@Sendable () -> Void)?.none)

    func waits(_ condition: @escaping @Sendable (Seen) -> Bool) async {
        while !condition(self) { await Task.yield() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        redirected.now?()
        if let held = redirects.now { held.hold { completionHandler(request) } } else { completionHandler(request) }
    }

    func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
        files.with { $0 += 1 }
        let body = try? String(contentsOf: location, encoding: .utf8)
        bodies.with { $0 += body ?? "" }
        // Foundation on Linux leaves it lying.
        try? FileManager.default.removeItem(at: location)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error { errors.with { $0.append(error) } }
        sessions.with { _ = $0.insert(ObjectIdentifier(session)) }
    }

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        ends.with { $0 += 1 }
    }
}
