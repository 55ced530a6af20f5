import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Does what the recipe in docs/ios.md does, with its very code (Examples.swift), over a stand-in of Alamofire.
final class AlamofireTests: XCTestCase {
    private let fake = FakeProtection()
    // Foundation on Linux ends the process now and then when a session goes away.
    private static let kept = Locked([Session]())

    private func session() -> Session {
        let session = Examples.alamofire(protection: fake)
        Self.kept.with { $0.append(session) }
        return session
    }

    private func redirect(_ host: URL, to target: String) -> URL {
        var url = URLComponents(url: host.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "to", value: target)]
        return url.url!
    }

    func testOnlyProtectedHostsGetTheToken() async throws {
        let (stage, session) = (try RealStage.open(), session())
        fake.protect("localhost", token: "t1")
        let there = try Echo(try await session.data(stage.echo))
        XCTAssertEqual(there.header("Bonafide-Token"), "t1")
        let elsewhere = try Echo(try await session.data(stage.other))
        XCTAssertNil(elsewhere.header("Bonafide-Token"))
    }

    func testATokenFollowsNoRedirectToAStrangerAndAProtectedHostGetsIts() async throws {
        let (stage, session) = (try RealStage.open(), session())
        fake.protect("localhost", token: "t1")
        let landed = try Echo(try await session.data(redirect(stage.echo, to: stage.other.absoluteString + "/landed")))
        XCTAssertEqual(landed.path, "/landed")
        XCTAssertNil(landed.header("Bonafide-Token"), "the token followed a redirect to a stranger")
        let home = try Echo(try await session.data(redirect(stage.other, to: stage.echo.absoluteString + "/home")))
        XCTAssertEqual(home.header("Bonafide-Token"), "t1")
    }

    func testARedirectToCleartextIsRefusedAndSaysSo() async throws {
        let (stage, session) = (try RealStage.open(), session())
        fake.protect("localhost", token: "t1")
        await XCTAssertThrowsAsync({ try await session.data(self.redirect(stage.other, to: "http://localhost:1/x")) }) {
            XCTAssertEqual($0.bonafide?.code, .cleartextRefused, "\($0)")
        }
    }

    func testAPasswordIsStillAlamofires() async throws {
        let (stage, session) = (try RealStage.open(), session())
        fake.protect("localhost", token: "t1")
        let credential = URLCredential(user: "alice", password: "secret", persistence: .none)
        let there = try Echo(try await session.data(stage.echo.appendingPathComponent("basic"), authenticate: credential))
        XCTAssertEqual(there.header("Authorization"), "Basic " + Data("alice:secret".utf8).base64EncodedString())
        XCTAssertEqual(there.header("Bonafide-Token"), "t1")
    }

    /// Its `ServerTrustManager` is the next to judge.
    func testAServerThatThePinsAllowIsAlamofiresNext() async throws {
        let session = session()
        let pinning = try XCTUnwrap(session.session.delegate as? PinningDelegate)
        let task = session.session.dataTask(with: URL(string: "https://localhost:1/x")!)
        let answer = await pinning.answer(try Challenges.server("localhost"), of: task, in: session.session)
        XCTAssertEqual(answer, .systemDecides)
    }

    /// As the system asks on Apple's systems; Foundation on Linux asks nobody about a server.
    func testAServerWithOtherPinsIsRefusedAndTheRequestSaysWhy() async throws {
        let (stage, session) = (try RealStage.open(), session())
        fake.intercept("localhost")
        let delegate = try XCTUnwrap(session.session.delegate as? any URLSessionTaskDelegate)
        let pinning = try XCTUnwrap(delegate as? PinningDelegate)
        let answer = await pinning.answer(try Challenges.server("localhost"))
        XCTAssertEqual(answer, .cancelled)
        let waiting = Task { try await session.data(stage.echo.appendingPathComponent("mute")) }
        while session.delegate.requests.with({ $0.isEmpty }) { await Task.yield() }
        // As the system does with what waits for a connection that was refused.
        session.session.getAllTasks { tasks in for task in tasks { task.cancel() } }
        await XCTAssertThrowsAsync({ try await waiting.value }) {
            XCTAssertEqual(($0 as? URLError)?.code, .serverCertificateUntrusted)
            XCTAssertEqual($0.bonafide?.code, .pinMismatch)
        }
    }

    func testARequestThatMustNotLeaveDoesNot() async throws {
        let session = session()
        fake.fail("localhost", .noNetwork)
        await XCTAssertThrowsAsync({ try await session.data(URL(string: "https://localhost:1/x")!) }) {
            XCTAssertEqual($0.bonafide?.code, .noNetwork)
        }
    }
}
