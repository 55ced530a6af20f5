import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Frames over a real connection. Debian's libcurl has WebSockets; with one that has none (Ubuntu 24.04's) Foundation on
/// Linux fails each of these as "WebSockets not supported by libcurl".
final class WebSocketTests: XCTestCase {
    private let fake = FakeProtection()

    private func url(_ server: URL, path: String = "/socket") -> URL {
        URL(string: server.absoluteString.replacingOccurrences(of: "https", with: "wss") + path)!
    }

    private func text(_ socket: URLSessionWebSocketTask) async throws -> String {
        guard case .string(let text) = try await socket.receive() else { throw URLError(.badServerResponse) }
        return text
    }

    func testTheHandshakeCarriesTheTokenAndFramesGoBothWays() async throws {
        let stage = try RealStage.open()
        fake.protect("localhost", token: "t1")
        let delegate = Opened()
        let session = BonafideSession(protection: fake, delegate: delegate)
        let socket = try await session.webSocketTask(with: url(stage.echo, path: "/both-ways"))
        socket.resume()
        let handshake = try Echo(Data(try await text(socket).utf8))
        XCTAssertEqual(handshake.path, "/both-ways")
        XCTAssertEqual(handshake.header("Bonafide-Token"), "t1")
        XCTAssertNil(handshake.header("Bonafide-Status"))
        try await socket.send(.string("hello"))
        let answer = try await text(socket)
        XCTAssertEqual(answer, "hello")
        socket.cancel(with: .goingAway, reason: nil)
        struct Closed: Decodable { let closed: Int }
        let seen = try await session.data(from: URL(string: "\(stage.echo)/closed?path=/both-ways")!).0
        XCTAssertEqual(try JSONDecoder().decode(Closed.self, from: seen).closed, 1001)
        await delegate.waits()
    }

    func testAHandshakeWithoutAValidTokenSaysSo() async throws {
        let stage = try RealStage.open()
        fake.withoutValidToken("localhost", status: .poorNetwork, token: "old")
        let socket = try await BonafideSession(protection: fake).webSocketTask(with: url(stage.echo))
        socket.resume()
        let handshake = try Echo(Data(try await text(socket).utf8))
        XCTAssertEqual(handshake.header("Bonafide-Token"), "old")
        XCTAssertEqual(handshake.header("Bonafide-Status"), "poor_network")
        socket.cancel()
    }

    func testAHandshakeWithAStrangerCarriesNothing() async throws {
        let stage = try RealStage.open()
        fake.protect("localhost", token: "t1")
        var request = URLRequest(url: url(stage.other))
        request.setValue("the app's own", forHTTPHeaderField: "Bonafide-Token")
        let socket = try await BonafideSession(protection: fake).webSocketTask(with: request)
        socket.resume()
        let handshake = try Echo(Data(try await text(socket).utf8))
        XCTAssertNil(handshake.header("Bonafide-Token"))
        socket.cancel()
    }

    func testInvalidatingTheSessionEndsAnOpenSocket() async throws {
        let stage = try RealStage.open()
        let session = BonafideSession(protection: fake)
        let socket = try await session.webSocketTask(with: url(stage.other))
        socket.resume()
        _ = try await text(socket)
        let waiting = Task { try await socket.receive() }
        session.invalidateAndCancel()
        await XCTAssertThrowsAsync({ try await waiting.value }) { _ in }
    }
}

private final class Opened: NSObject, URLSessionWebSocketDelegate {
    private let isTold = Locked(false)

    func waits() async {
        while !isTold.now { await Task.yield() }
    }

    func urlSession(_ session: URLSession, webSocketTask: URLSessionWebSocketTask, didOpenWithProtocol protocol: String?) {
        isTold.with { $0 = true }
    }

    func urlSession(
        _ session: URLSession, webSocketTask: URLSessionWebSocketTask, didCloseWith closeCode: URLSessionWebSocketTask.CloseCode,
        reason: Data?
    ) {}
}
