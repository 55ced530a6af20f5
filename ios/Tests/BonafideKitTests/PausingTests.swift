import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// When a task is told to wait for the reader of its bytes, and when to go on. BackPressureTests has transfers that do.
final class PausingTests: XCTestCase {
    func testTheMarksAreAMebibyteAndHalfOfIt() {
        let (handler, task) = (stream(), RecordedTask())
        handler.runs(task)
        handler.received(Data(count: Handler.mostUnread))
        XCTAssertEqual(task.calls.now, [])
        handler.received(Data(count: 1))
        handler.received(Data(count: 1))
        XCTAssertEqual(task.calls.now, ["suspend"])
        handler.taken(Handler.mostUnread / 2)
        XCTAssertEqual(task.calls.now, ["suspend"])
        handler.taken(3)
        handler.taken(1)
        XCTAssertEqual(task.calls.now, ["suspend", "resume"])
    }

    func testATaskThatWaitsAndGoesOnElsewhereIsLetGo() {
        let (handler, first, second) = (stream(), RecordedTask(), RecordedTask())
        handler.runs(first)
        handler.received(Data(count: Handler.mostUnread + 1))
        handler.runs(second)
        XCTAssertEqual(first.calls.now, ["suspend", "resume"], "it would never end")
        handler.received(Data(count: 1))
        handler.taken(Handler.mostUnread)
        XCTAssertEqual(second.calls.now, ["suspend", "resume"])
    }

    func testACancelledTaskIsNotSuspendedAnyMore() {
        let (handler, task) = (stream(), RecordedTask())
        handler.runs(task)
        handler.cancel()
        handler.received(Data(count: Handler.mostUnread + 1))
        XCTAssertEqual(task.calls.now, ["cancel"])
    }

    func testASecondHeadBreaksOffUnlessTheAnswerIsInParts() async throws {
        let url = URL(string: "https://api.acme.com/")!
        let rows: [(type: String, waits: Bool, breaksOff: Bool)] = [
            ("text/plain", true, true), ("text/plain", false, false), ("multipart/x-mixed-replace", true, false),
        ]
        for row in rows {
            let (handler, task) = (stream(), RecordedTask())
            handler.runs(task)
            let count = row.waits ? Handler.mostUnread + 1 : 1
            for type in [row.type, "image/jpeg", "image/jpeg"] {
                handler.received(URLResponse(url: url, mimeType: type, expectedContentLength: -1, textEncodingName: nil))
                handler.received(Data(count: count))
                handler.taken(count)
            }
            XCTAssertEqual(task.calls.now.contains("cancel"), row.breaksOff, "\(row)")
            handler.completed(URLError(.timedOut), response: nil)
            await XCTAssertThrowsAsync({ try await handler.finished.value() }) {
                XCTAssertEqual(($0 as? URLError)?.code, row.breaksOff ? .networkConnectionLost : .timedOut, "\(row)")
            }
        }
    }

    private func stream() -> Handler {
        Handler(.stream(AsyncThrowingStream.makeStream(of: Data.self).continuation), binding: nil, delegate: nil)
    }
}
