#if os(Linux)
// Of Linux alone: a configuration with an identifier is an ordinary one for Foundation here. Apple's systems give no
// background transfers to tests without an app.
import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A background session's rules. Foundation on Linux has no such sessions; a configuration with an identifier is one for
/// Bonafide, and an ordinary one for the system. What the system itself does in the background, only a phone shows.
final class BackgroundTests: XCTestCase {
    private let fake = FakeProtection()

    private func session(_ delegate: (any URLSessionDelegate)? = nil) -> BonafideSession {
        let configuration = URLSessionConfiguration.default
        configuration.identifier = "com.acme.background"
        return BonafideSession(protection: fake, configuration: configuration, delegate: delegate)
    }

    func testWhatTheSystemHasNotInTheBackgroundIsRefused() async {
        let session = session()
        fake.protect("localhost")
        let request = URLRequest(url: URL(string: "https://localhost:1/x")!)
        let file = URL(fileURLWithPath: "/dev/null")
        let calls: [(String, () async throws -> Void)] = [
            ("data", { _ = try await session.data(for: request) }),
            ("data from a URL", { _ = try await session.data(from: request.url!) }),
            ("upload", { _ = try await session.upload(for: request, from: Data()) }),
            ("upload of a file", { _ = try await session.upload(for: request, fromFile: file) }),
            ("download", { _ = try await session.download(for: request) }),
            ("download from a URL", { _ = try await session.download(from: request.url!) }),
            ("bytes", { _ = try await session.bytes(for: request) }),
            ("bytes from a URL", { _ = try await session.bytes(from: request.url!) }),
            ("WebSocket", { _ = try await session.webSocketTask(with: request) }),
            ("WebSocket of a URL", { _ = try await session.webSocketTask(with: request.url!) }),
        ]
        for (name, call) in calls {
            await XCTAssertThrowsAsync(call) { XCTAssertEqual($0.bonafide?.code, .unsupportedClient, "\(name): \($0)") }
        }
    }

    /// The system knows the session by its identifier: there is one, whatever the pins are and become.
    func testTasksCarryTheTokenAndShareTheOneSession() async throws {
        let stage = try RealStage.open()
        let transfers = Transfers()
        let session = session(transfers)
        fake.protect("localhost", token: "t1")
        let download = try await session.downloadTask(with: URLRequest(url: stage.echo))
        XCTAssertEqual(download.originalRequest?.value(forHTTPHeaderField: "Bonafide-Token"), "t1")
        download.resume()
        await transfers.waits { $0.ended == 1 }
        XCTAssertEqual(try transfers.state.with { try Echo($0.files) }.header("Bonafide-Token"), "t1")

        fake.pin(try XCTUnwrap(stage.other.host), to: [])
        fake.protect("localhost", token: "t2")
        let file = try temporaryFolder().appendingPathComponent("body")
        try Data("from a file".utf8).write(to: file)
        for (url, token) in [(stage.echo, "t2"), (stage.other, FakeProtection.defaultToken)] {
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            let upload = try await session.uploadTask(with: request, fromFile: file)
            XCTAssertEqual(upload.originalRequest?.value(forHTTPHeaderField: "Bonafide-Token"), token)
            upload.resume()
        }
        await transfers.waits { $0.ended == 3 }
        transfers.state.with {
            XCTAssertEqual($0.sessions.count, 1, "the session was replaced, or another one made")
            XCTAssertEqual($0.identifiers, ["com.acme.background"])
            XCTAssertEqual($0.failures, 0)
            XCTAssertEqual($0.invalid, 0)
        }
    }

    /// The system hands over what became of transfers once the session is there again, before the app makes any task.
    func testTheSessionIsMadeAtOnce() async throws {
        let transfers = Transfers()
        let session = session(transfers)
        session.invalidateAndCancel()
        await transfers.waits { $0.invalid == 1 }
        await XCTAssertThrowsAsync({ try await session.downloadTask(with: URLRequest(url: URL(string: "https://localhost:1")!)) }) {
            XCTAssertEqual(($0 as? URLError)?.code, .cancelled)
        }
    }
}

private final class Transfers: NSObject, URLSessionDownloadDelegate {
    struct State {
        var ended = 0
        var failures = 0
        var invalid = 0
        var files = Data()
        var sessions = Set<ObjectIdentifier>()
        var identifiers = Set<String?>()
    }

    let state = Locked(State())

    func waits(_ condition: @escaping @Sendable (State) -> Bool) async {
        while !state.with({ condition($0) }) { await Task.yield() }
    }

    func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
        let content = (try? Data(contentsOf: location)) ?? Data()
        state.with { $0.files.append(content) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        state.with { state in
            state.ended += 1
            if error != nil { state.failures += 1 }
            state.sessions.insert(ObjectIdentifier(session))
            state.identifiers.insert(session.configuration.identifier)
        }
    }

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        state.with { $0.invalid += 1 }
    }
}
#endif
