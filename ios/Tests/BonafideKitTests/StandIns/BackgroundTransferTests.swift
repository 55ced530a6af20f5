#if os(Linux)
// Of Linux alone: Foundation takes a configuration with an identifier for an ordinary one. Apple's systems transfer nothing
// in the background for tests without an app, and may never tell them of a session's end.
import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What of a background session shows in its transfers. What the system itself does with them, only a phone shows.
final class BackgroundTransferTests: XCTestCase {
    private let fake = FakeProtection()

    private func session(_ delegate: any URLSessionDelegate) -> BonafideSession {
        BonafideSession(protection: fake, configuration: .inBackground("com.acme.background"), delegate: delegate)
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
        // Foundation on Linux leaves it lying.
        try? FileManager.default.removeItem(at: location)
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
