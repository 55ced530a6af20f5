import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What a background session refuses, before the system is asked for anything.
final class BackgroundTests: XCTestCase {
    func testWhatTheSystemHasNotInTheBackgroundIsRefused() async {
        let fake = FakeProtection()
        fake.protect("localhost")
        // The system knows such sessions by their identifiers, from one run to the next.
        let session = BonafideSession(protection: fake, configuration: .inBackground("com.acme.\(UUID().uuidString)"))
        addTeardownBlock { session.invalidateAndCancel() }
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
}
