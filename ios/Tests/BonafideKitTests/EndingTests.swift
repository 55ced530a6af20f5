import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The app's delegate hears of the end, once, whoever still holds the session and whatever it was used for.
final class EndingTests: XCTestCase {
    private let fake = FakeProtection()

    func testADelegateIsToldAlthoughTheSessionIsDroppedAtOnce() async throws {
        let stage = try RealStage.open()
        for cancelling in [true, false] {
            let told = Told()
            do {
                let session = BonafideSession(protection: fake, delegate: told)
                _ = try await session.data(from: stage.other)
                if cancelling { session.invalidateAndCancel() } else { session.finishTasksAndInvalidate() }
            }
            await told.waits()
        }
    }

    func testADelegateOfASessionThatMadeNoRequestIsTold() async throws {
        for cancelling in [true, false] {
            let told = Told()
            let session = BonafideSession(protection: fake, delegate: told)
            for _ in 0..<2 { if cancelling { session.invalidateAndCancel() } else { session.finishTasksAndInvalidate() } }
            await told.waits()
            XCTAssertEqual(told.count.now, 1)
        }
    }

    func testASessionThatNobodyHoldsEndsAndLeavesNothing() async throws {
        let stage = try RealStage.open()
        let told = Told()
        weak var inner: InnerSessions?
        do {
            let sessions = InnerSessions(protection: fake, wait: 1, configuration: .default, delegate: told, queue: nil)
            inner = sessions
            let handler = Handler(.memory, binding: nil, delegate: nil)
            try sessions.make(for: stage.other) { $0.dataTask(with: stage.other) } registered: { $1.run($0, by: handler) }.resume()
            _ = try await handler.finished.value()
            sessions.end(cancelling: false)
        }
        await told.waits()
        while inner != nil { await Task.yield() }
    }
}

private final class Told: NSObject, URLSessionDelegate {
    let count = Locked(0)

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        count.with { $0 += 1 }
    }

    func waits() async {
        while count.now == 0 { await Task.yield() }
    }
}
