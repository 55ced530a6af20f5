import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// In a session of the app's own, a bound token is followed by a bound one.
final class BindingTests: XCTestCase {
    // Foundation on Linux ends the process now and then when a session goes away.
    private static let kept = Locked([URLSession]())

    func testARedirectWithinProtectedHostsKeepsTheBinding() async throws {
        let stage = try RealStage.open()
        let home = try await landed(redirect(stage.echo, to: stage.echo.absoluteString + "/home"), Data("order-1".utf8))
        XCTAssertEqual(home.path, "/home")
        XCTAssertEqual(home.header("Bonafide-Token"), "bound to order-1, number 2")
        let unbound = try await landed(redirect(stage.echo, to: stage.echo.absoluteString + "/home"), nil)
        XCTAssertEqual(unbound.header("Bonafide-Token"), "bound to nothing, number 2")
    }

    func testNothingOfItGoesToAStranger() async throws {
        let stage = try RealStage.open()
        let there = try await landed(redirect(stage.echo, to: stage.other.absoluteString + "/landed"), Data("order-1".utf8))
        XCTAssertEqual(there.path, "/landed")
        XCTAssertNil(there.header("Bonafide-Token"))
        for (name, value) in there.headers { XCTAssertFalse("\(name): \(value)".contains("order-1"), name) }
        let direct = try await landed(stage.other, Data("order-1".utf8))
        for (name, value) in direct.headers { XCTAssertFalse("\(name): \(value)".contains("order-1"), name) }
    }

    func testItComesBackWithTheRequest() async throws {
        let stage = try RealStage.open()
        let back = redirect(stage.other, to: stage.echo.absoluteString + "/home")
        let home = try await landed(redirect(stage.echo, to: back.absoluteString), Data("order-1".utf8))
        XCTAssertEqual(home.header("Bonafide-Token"), "bound to order-1, number 2")
    }

    /// As the system says it from iOS 16 on; Foundation on Linux says nothing of it.
    func testATaskHoldsItsBindingFromItsMakingToItsEnd() {
        let (bindings, delegate) = (TokenBindings.shared, PinningDelegate(protection: Bound()))
        bindings.keep(Data("order-1".utf8), of: "bound")
        let task = RecordedTask(request("bound"))
        delegate.isMade(task)
        for number in 0..<TokenBindings.most { bindings.keep(Data("\(number)".utf8), of: "newer token \(number)") }
        XCTAssertNil(bindings.binding(of: task.originalRequest))
        XCTAssertEqual(delegate.binding(of: task), Data("order-1".utf8))
        delegate.urlSession(.shared, task: task, didCompleteWithError: nil)
        XCTAssertNil(delegate.binding(of: task))
    }

    func testTheNewestAreKept() {
        let bindings = TokenBindings()
        for number in 0...TokenBindings.most { bindings.keep(Data("\(number)".utf8), of: "token \(number)") }
        bindings.keep(Data("1".utf8), of: "token 1")
        XCTAssertNil(bindings.binding(of: request("token 0")))
        XCTAssertEqual(bindings.binding(of: request("token 1")), Data("1".utf8))
        XCTAssertNil(bindings.binding(of: URLRequest(url: URL(string: "https://api.acme.com/")!)))
        XCTAssertNil(bindings.binding(of: nil))
        bindings.keep(Data(count: TokenBindings.mostBytes + 1), of: "big")
        XCTAssertEqual(bindings.binding(of: request("big"))?.count, TokenBindings.mostBytes + 1)
        XCTAssertNil(bindings.binding(of: request("token \(TokenBindings.most)")))
        bindings.keep(Data("x".utf8), of: "after")
        XCTAssertNil(bindings.binding(of: request("big")))
        XCTAssertNotNil(bindings.binding(of: request("after")))
    }

    private func request(_ token: String) -> URLRequest {
        var request = URLRequest(url: URL(string: "https://api.acme.com/")!)
        request.setValue(token, forHTTPHeaderField: "Authorization")
        return request
    }

    private func redirect(_ host: URL, to target: String) -> URL {
        var url = URLComponents(url: host.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "to", value: target)]
        return url.url!
    }

    /// What the server was sent in the end.
    private func landed(_ url: URL, _ binding: Data?) async throws -> Echo {
        let (protection, collector) = (Bound(), Collector())
        let session = URLSession(
            configuration: .default, delegate: PinningDelegate(forwardingTo: collector, protection: protection), delegateQueue: nil)
        Self.kept.with { $0.append(session) }
        let request = try await RequestGuard(protection: protection, wait: 5).protect(URLRequest(url: url), binding: binding)
        session.dataTask(with: request).resume()
        return try Echo(await collector.body())
    }
}

/// Protects localhost, with tokens that say what they are bound to.
private final class Bound: Protection {
    private let given = Locked(0)

    var configRevision: UInt64 { 1 }
    func waitUntilStarted(within limit: TimeInterval) async throws {}

    func rules(for host: String) throws -> HostRules {
        let isOurs = host == "localhost"
        return HostRules(
            listed: isOurs, enforced: false, pinned: false, protected: isOurs, pinSet: "", tokenHeader: "Bonafide-Token")
    }

    func checkPins(host: String, chain: [Data]) -> PinVerdict { .unpinned }
    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict { .unpinned }
    func reportMismatch(_ mismatch: PinMismatch) {}

    func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String] {
        let number = given.with { given in
            given += 1
            return given
        }
        let bound = binding.map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
        return ["Bonafide-Token": "bound to \(bound), number \(number)"]
    }
}

private final class Collector: NSObject, URLSessionDataDelegate {
    private let received = Locked(Data())
    private let isComplete = Locked(false)

    func body() async -> Data {
        while !isComplete.now { await Task.yield() }
        return received.now
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        received.with { $0.append(data) }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        completionHandler(.allow)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(request)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        isComplete.with { $0 = true }
    }
}
