import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The session over a real network to real servers. The protection is played, so that each answer is the test's.
final class SessionTests: XCTestCase {
    private let fake = FakeProtection()

    private func session(_ stage: RealStage, delegate: (any URLSessionDelegate)? = nil) -> BonafideSession {
        fake.protect("localhost", token: "t1")
        return BonafideSession(protection: fake, delegate: delegate)
    }

    func testOnlyProtectedHostsGetTheToken() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        var request = URLRequest(url: stage.echo)
        request.setValue("the app's own", forHTTPHeaderField: "bonafide-token")
        request.setValue("kept", forHTTPHeaderField: "X-Order")
        let there = try Echo(try await session.data(for: request).0)
        XCTAssertEqual(there.header("Bonafide-Token"), "t1")
        XCTAssertNil(there.header("Bonafide-Status"))
        XCTAssertEqual(there.header("X-Order"), "kept")
        request.url = stage.other
        let elsewhere = try Echo(try await session.data(for: request).0)
        XCTAssertNil(elsewhere.header("Bonafide-Token"), "what the app set itself went to a stranger")
        XCTAssertEqual(elsewhere.header("X-Order"), "kept")
    }

    func testHeadersOfTheConfigurationTakeNoTokenToAStranger() async throws {
        let stage = try RealStage.open()
        let configuration = URLSessionConfiguration.default
        configuration.httpAdditionalHeaders = ["BONAFIDE-Token": "t0", "Bonafide-Status": "no_network", "X-Order": "kept"]
        fake.protect("localhost", token: "t1")
        let session = BonafideSession(protection: fake, configuration: configuration)
        let there = try Echo(try await session.data(from: stage.echo).0)
        XCTAssertEqual(there.header("Bonafide-Token"), "t1")
        XCTAssertNil(there.header("Bonafide-Status"))
        let elsewhere = try Echo(try await session.data(from: stage.other).0)
        XCTAssertNil(elsewhere.header("Bonafide-Token"))
        XCTAssertEqual(elsewhere.header("X-Order"), "kept")
        XCTAssertEqual(configuration.httpAdditionalHeaders?.count, 3, "the app's own configuration was changed")
    }

    func testARequestWithoutAValidTokenLeavesWithItsStatus() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        fake.withoutValidToken("localhost", status: .poorNetwork, token: "old")
        let echo = try Echo(try await session.data(from: stage.echo).0)
        XCTAssertEqual(echo.header("Bonafide-Token"), "old")
        XCTAssertEqual(echo.header("Bonafide-Status"), "poor_network")
        fake.fail("localhost", .noNetwork)
        await XCTAssertThrowsAsync({ try await session.data(from: stage.echo) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cannotConnectToHost)
            XCTAssertEqual($0.bonafide?.code, .noNetwork)
        }
    }

    func testARedirectElsewhereLosesTheTokenAndOneBackGetsIt() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        var away = URLComponents(url: stage.echo.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        away.queryItems = [URLQueryItem(name: "to", value: stage.other.absoluteString + "/landed")]
        let there = try Echo(try await session.data(from: away.url!).0)
        XCTAssertEqual(there.path, "/landed")
        XCTAssertNil(there.header("Bonafide-Token"), "the token followed the redirect to a stranger")
        XCTAssertNil(there.header("Bonafide-Status"))

        var back = URLComponents(url: stage.other.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        back.queryItems = [URLQueryItem(name: "to", value: stage.echo.absoluteString + "/home")]
        let home = try Echo(try await session.data(from: back.url!).0)
        XCTAssertEqual(home.path, "/home")
        XCTAssertEqual(home.header("Bonafide-Token"), "t1")
        XCTAssertNil(home.header("Bonafide-Status"))

        fake.withoutValidToken("localhost", status: .poorNetwork, token: "old")
        let landed = try Echo(try await session.data(from: away.url!).0)
        XCTAssertNil(landed.header("Bonafide-Token"))
        XCTAssertNil(landed.header("Bonafide-Status"), "the status followed the redirect to a stranger")
        let again = try Echo(try await session.data(from: back.url!).0)
        XCTAssertEqual(again.header("Bonafide-Token"), "old")
        XCTAssertEqual(again.header("Bonafide-Status"), "poor_network")
    }

    func testARedirectToCleartextIsRefused() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        var down = URLComponents(url: stage.other.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        down.queryItems = [URLQueryItem(name: "to", value: "http://localhost:1/x")]
        await XCTAssertThrowsAsync({ try await session.data(from: down.url!) }) {
            XCTAssertEqual($0.bonafide?.code, .cleartextRefused)
            XCTAssertEqual(($0 as? URLError)?.code, .appTransportSecurityRequiresSecureConnection)
        }
    }

    func testCleartextToAProtectedHostIsRefused() async throws {
        let session = BonafideSession(protection: fake)
        fake.protect("localhost")
        for url in ["http://localhost:1/x", "HTTP://localhost:1"] {
            await XCTAssertThrowsAsync({ try await session.data(from: URL(string: url)!) }) {
                XCTAssertEqual($0.bonafide?.code, .cleartextRefused)
            }
        }
    }

    func testUploadDownloadAndBytes() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        var post = URLRequest(url: stage.echo)
        post.httpMethod = "POST"
        let sent = try Echo(try await session.upload(for: post, from: Data("hello".utf8)).0)
        XCTAssertEqual(sent.body, "hello")
        XCTAssertEqual(sent.header("Bonafide-Token"), "t1")
        let file = try temporaryFolder().appendingPathComponent("upload")
        try Data("from a file".utf8).write(to: file)
        let fromFile = try Echo(try await session.upload(for: post, fromFile: file).0)
        XCTAssertEqual(fromFile.body, "from a file")

        let (place, answer) = try await session.download(from: stage.echo)
        addTeardownBlock { try? FileManager.default.removeItem(at: place) }
        XCTAssertEqual((answer as? HTTPURLResponse)?.statusCode, 200)
        XCTAssertEqual(try Echo(Data(contentsOf: place)).header("Bonafide-Token"), "t1")

        let (bytes, head) = try await session.bytes(from: stage.echo)
        XCTAssertEqual((head as? HTTPURLResponse)?.statusCode, 200)
        var all = Data()
        for try await byte in bytes { all.append(byte) }
        XCTAssertEqual(try Echo(all).header("Bonafide-Token"), "t1")
    }

    /// As a task that waits for `data(for:)` and is cancelled: the transfer ends with it, wherever it is.
    func testCancellingTheCallerCancelsTheTransfer() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        let file = try temporaryFolder().appendingPathComponent("upload")
        try Data(count: 1 << 22).write(to: file)
        let calls: [(String, @Sendable (URLRequest) async throws -> Void)] = [
            ("bytes", { for try await _ in try await session.bytes(for: $0).0 {} }),
            ("data", { _ = try await session.data(for: $0) }),
            ("download", { _ = try await session.download(for: $0) }),
            ("upload", { _ = try await session.upload(for: $0, from: Data(count: 1 << 22)) }),
            ("file", { _ = try await session.upload(for: $0, fromFile: file) }),
        ]
        for (name, call) in calls {
            var request = URLRequest(url: Self.named(name, stage.echo, "slow"))
            if ["upload", "file"].contains(name) { request.httpMethod = "POST" }
            let sent = request
            let caller = Task { try await call(sent) }
            let asked = try Echo(try await session.data(from: Self.named(name, stage.echo, "asked")).0)
            XCTAssertEqual(asked.came, true, "\(name) was never under way")
            caller.cancel()
            await XCTAssertThrowsAsync({ try await caller.value }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled, name) }
            let gone = try Echo(try await session.data(from: Self.named(name, stage.echo, "gone")).0)
            XCTAssertEqual(gone.came, true, "\(name): the server still writes, or reads")
        }
    }

    /// Of one transfer among those of all tests.
    private static func named(_ name: String, _ host: URL, _ path: String) -> URL {
        var url = URLComponents(url: host.appendingPathComponent(path), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "name", value: name)]
        return url.url!
    }

    func testAPasswordIsTheAppsDelegatesBusiness() async throws {
        let stage = try RealStage.open()
        let session = session(stage, delegate: Password())
        let there = try Echo(try await session.data(from: stage.echo.appendingPathComponent("basic")).0)
        XCTAssertEqual(there.header("Authorization"), "Basic " + Data("alice:secret".utf8).base64EncodedString())
        XCTAssertEqual(there.header("Bonafide-Token"), "t1")
    }

    func testInvalidateAndCancelEndsWhatRunsAndWhatComes() async throws {
        let stage = try RealStage.open()
        let ended = expectation(description: "the delegate is told once")
        let delegate = Ending(ended)
        let session = session(stage, delegate: delegate)
        _ = try await session.bytes(from: stage.echo.appendingPathComponent("slow"))
        // New pins: the first inner session is retired, with its task under way.
        fake.protect("another.example")
        _ = try await session.data(from: stage.echo)
        let (bytes, _) = try await session.bytes(from: stage.echo.appendingPathComponent("slow"))
        session.invalidateAndCancel()
        await XCTAssertThrowsAsync({ for try await _ in bytes {} }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        await XCTAssertThrowsAsync({ try await session.data(from: stage.echo) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cancelled)
        }
        await fulfillment(of: [ended], timeout: 60)
    }

    func testNewPinsGetANewSessionAndWhatIsUnderWayFinishes() async throws {
        let stage = try RealStage.open()
        let delegate = SessionsSeen()
        let session = session(stage, delegate: delegate)
        for _ in 0..<2 { _ = try await session.data(from: stage.echo) }
        XCTAssertEqual(delegate.count, 1)
        let (bytes, _) = try await session.bytes(from: stage.echo)
        fake.protect("localhost", token: "t2")
        let echo = try Echo(try await session.data(from: stage.echo).0)
        XCTAssertEqual(echo.header("Bonafide-Token"), "t2")
        var all = Data()
        for try await byte in bytes { all.append(byte) }
        XCTAssertEqual(try Echo(all).header("Bonafide-Token"), "t1")
        XCTAssertEqual(delegate.count, 2)
        XCTAssertEqual(delegate.invalidations, 0, "the app hears of a session that it did not make")
    }

    /// One connection of HTTP/2 may serve every host of its certificate, and is challenged for the first alone.
    func testHostsWithOtherPinsShareNoConnection() async throws {
        let stage = try RealStage.open()
        let delegate = SessionsSeen()
        let session = session(stage, delegate: delegate)
        fake.pin(try XCTUnwrap(stage.other.host), to: try RealStage.certificates(stage.otherChain))
        for url in [stage.echo, stage.other, stage.echo, stage.other] { _ = try await session.data(from: url) }
        XCTAssertEqual(delegate.count, 2)
        XCTAssertEqual(delegate.invalidations, 0, "a session was thrown away for another host's sake")
    }

    func testARedirectToAHostWithOtherPinsGoesOnInThatHostsSession() async throws {
        let stage = try RealStage.open()
        let seen = SessionsSeen()
        let session = session(stage, delegate: seen)
        fake.pin(try XCTUnwrap(stage.echo.host), to: try RealStage.certificates(stage.chain))
        let url = Self.redirect(from: stage.other, to: stage.echo.absoluteString + "/home")
        _ = try await session.data(from: stage.other)
        XCTAssertEqual(seen.count, 1)
        let (data, _) = try await session.data(from: url)
        XCTAssertEqual(try Echo(data).path, "/home")
        XCTAssertEqual(seen.count, 2, "the redirect was followed over the first host's connections")
        let (file, _) = try await session.download(from: url)
        addTeardownBlock { try? FileManager.default.removeItem(at: file) }
        XCTAssertEqual(try Echo(Data(contentsOf: file)).path, "/home")
    }

    func testRedirectsBetweenHostsWithOtherPinsEndOnce() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        fake.pin(try XCTUnwrap(stage.echo.host), to: try RealStage.certificates(stage.chain))
        fake.pin(try XCTUnwrap(stage.other.host), to: try RealStage.certificates(stage.otherChain))
        // Each of them sends back to the other, deeper and deeper.
        var url = stage.echo.absoluteString + "/home"
        for round in 0..<30 { url = Self.redirect(from: round % 2 == 0 ? stage.other : stage.echo, to: url).absoluteString }
        await XCTAssertThrowsAsync({ try await session.data(from: URL(string: url)!) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .httpTooManyRedirects, "\($0)")
        }
    }

    func testAnInterceptedServerGetsNothing() async throws {
        try XCTSkipUnless(Self.systemAsks, "Foundation on Linux asks nobody about a server; PinningDelegateTests asks the delegate")
        let stage = try RealStage.open()
        let session = session(stage)
        fake.intercept("localhost")
        await XCTAssertThrowsAsync({ try await session.data(from: stage.echo) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .serverCertificateUntrusted)
            XCTAssertEqual($0.bonafide?.code, .pinMismatch)
        }
        await XCTAssertThrowsAsync({ try await session.download(from: stage.echo) }) {
            XCTAssertEqual($0.bonafide?.code, .pinMismatch)
        }
        let before = fake.mismatches.count
        let socket = try await session.webSocketTask(with: Self.webSocket(stage.echo))
        socket.resume()
        await XCTAssertThrowsAsync({ try await socket.receive() }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        XCTAssertGreaterThan(fake.mismatches.count, before, "the socket failed for another reason")
        XCTAssertEqual(fake.mismatches.first?.host, "localhost")
    }

    /// Whether a new session resumes what another one of the process has agreed with the server.
    func testASecondSessionIsAskedForItsServerToo() async throws {
        try XCTSkipUnless(Self.systemAsks, "Foundation on Linux asks nobody about a server")
        let stage = try RealStage.open()
        _ = try await session(stage).data(from: stage.echo)
        fake.intercept("localhost")
        let second = BonafideSession(protection: fake)
        await XCTAssertThrowsAsync({ try await second.data(from: stage.echo) }) {
            XCTAssertEqual($0.bonafide?.code, .pinMismatch)
        }
    }

    #if os(Linux)
        private static let systemAsks = false
    #else
        private static let systemAsks = true
    #endif

    private static func webSocket(_ server: URL) -> URL {
        URL(string: server.absoluteString.replacingOccurrences(of: "https", with: "wss"))!
    }

    private static func redirect(from host: URL, to target: String) -> URL {
        var url = URLComponents(url: host.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "to", value: target)]
        return url.url!
    }

    func testASessionThatNobodyHoldsLetsItsDelegateGo() async throws {
        let stage = try RealStage.open()
        weak var gone: SessionsSeen?
        do {
            let delegate = SessionsSeen()
            gone = delegate
            let session = session(stage, delegate: delegate)
            _ = try await session.data(from: stage.echo)
        }
        for _ in 0..<1200 where gone != nil { try await Task.sleep(nanoseconds: 50_000_000) }
        XCTAssertNil(gone, "the session leaks its delegate")
    }

    func testATasksDelegateIsAskedBeforeTheSessions() async throws {
        let stage = try RealStage.open()
        let session = session(stage, delegate: SessionsSeen())
        let mine = NoRedirect()
        var away = URLComponents(url: stage.echo.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        away.queryItems = [URLQueryItem(name: "to", value: stage.other.absoluteString)]
        let (_, answer) = try await session.data(for: URLRequest(url: away.url!), delegate: mine)
        XCTAssertEqual((answer as? HTTPURLResponse)?.statusCode, 302)
    }

    func testAWebSocketCarriesTheToken() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        let socket = try await session.webSocketTask(with: Self.webSocket(stage.echo))
        XCTAssertEqual(socket.originalRequest?.value(forHTTPHeaderField: "Bonafide-Token"), "t1")
        socket.resume()
        guard case .string(let text) = try await socket.receive() else { return XCTFail("not a text") }
        XCTAssertEqual(try Echo(Data(text.utf8)).header("Bonafide-Token"), "t1", "the handshake had no token")
        socket.cancel(with: .normalClosure, reason: nil)
        await XCTAssertThrowsAsync({ try await session.webSocketTask(with: URL(string: "ws://localhost:1")!) }) {
            XCTAssertEqual($0.bonafide?.code, .cleartextRefused)
        }
    }

    func testTasksForADelegateCarryTheTokenToo() async throws {
        let stage = try RealStage.open()
        let session = session(stage)
        let download = try await session.downloadTask(with: URLRequest(url: stage.echo))
        XCTAssertEqual(download.originalRequest?.value(forHTTPHeaderField: "Bonafide-Token"), "t1")
        let file = try temporaryFolder().appendingPathComponent("upload")
        try Data("x".utf8).write(to: file)
        let upload = try await session.uploadTask(with: URLRequest(url: stage.other), fromFile: file)
        XCTAssertNil(upload.originalRequest?.value(forHTTPHeaderField: "Bonafide-Token"))
        download.cancel()
        upload.cancel()
    }
}

private final class Ending: NSObject, URLSessionDelegate {
    private let ended: XCTestExpectation

    init(_ ended: XCTestExpectation) {
        self.ended = ended
        ended.assertForOverFulfill = true
    }

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        ended.fulfill()
    }
}

private final class SessionsSeen: NSObject, URLSessionTaskDelegate, @unchecked Sendable {
    private let sessions = Locked(Set<ObjectIdentifier>())
    private let invalid = Locked(0)

    var count: Int { sessions.with { $0.count } }
    var invalidations: Int { invalid.now }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        sessions.with { _ = $0.insert(ObjectIdentifier(session)) }
    }

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        invalid.with { $0 += 1 }
    }
}

private final class Password: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        guard challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodHTTPBasic else {
            return completionHandler(.performDefaultHandling, nil)
        }
        completionHandler(.useCredential, URLCredential(user: "alice", password: "secret", persistence: .none))
    }
}

private final class NoRedirect: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
