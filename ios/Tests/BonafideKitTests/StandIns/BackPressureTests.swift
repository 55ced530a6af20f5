#if os(Linux)
// Of Linux alone: a protocol that keeps to `suspend` and `resume` stands for the system's loader. Apple's keeps to them
// itself, and is not to be told when.
import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A server that is faster than its reader fills no memory.
final class BackPressureTests: XCTestCase {
    private let fake = FakeProtection()
    private let spout = URL(string: "https://\(Spout.host)/")!

    private func session() -> BonafideSession {
        BonafideSession(protection: fake, configuration: Spout.configuration(), delegateQueue: Spout.queue)
    }

    func testATransferWaitsForItsReaderAndEveryByteComesInOrder() async throws {
        let (bytes, _) = try await session().bytes(from: spout)
        await Spout.stalls()
        XCTAssertLessThanOrEqual(Spout.flow.with { $0.given }, Handler.mostUnread + Spout.chunk)
        try await readAll(bytes)
    }

    func testARedirectIntoAnotherSessionWaitsForItsReaderToo() async throws {
        let stage = try RealStage.open()
        fake.pin(Spout.host, to: [])
        var url = URLComponents(url: stage.other.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [URLQueryItem(name: "to", value: spout.absoluteString)]
        let (bytes, response) = try await session().bytes(from: url.url!)
        XCTAssertEqual(response.url?.host, Spout.host)
        await Spout.stalls()
        XCTAssertLessThanOrEqual(Spout.flow.with { $0.given }, Handler.mostUnread + Spout.chunk)
        try await readAll(bytes)
    }

    private func readAll(_ bytes: BonafideBytes) async throws {
        var count = 0
        for try await byte in bytes {
            guard byte == Spout.byte(at: count) else { return XCTFail("byte \(count) is another one") }
            count += 1
        }
        XCTAssertEqual(count, Spout.total)
    }

    func testCancellingAReaderWhoseTransferWaitsEndsBothAtOnce() async throws {
        let end = Completion()
        let (bytes, _) = try await session().bytes(for: URLRequest(url: spout), delegate: end)
        await Spout.stalls()
        let reader = Task { for try await _ in bytes { await Task.yield() } }
        reader.cancel()
        await XCTAssertThrowsAsync({ try await reader.value }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        let error = await end.waits()
        XCTAssertEqual((error as? URLError)?.code, .cancelled)
        XCTAssertLessThan(Spout.flow.with { $0.given }, Spout.total)
    }

    func testInvalidatingASessionWhoseTransferWaitsEndsIt() async throws {
        let session = session()
        let (bytes, _) = try await session.bytes(from: spout)
        await Spout.stalls()
        session.invalidateAndCancel()
        await XCTAssertThrowsAsync({ for try await _ in bytes {} }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        XCTAssertLessThan(Spout.flow.with { $0.given }, Spout.total)
    }

    /// libcurl knows no pause that Foundation on Linux would use: a task that is resumed there sends its request once more.
    func testATransferThatStartsOverIsNotTakenForItsContinuation() async throws {
        let stage = try RealStage.open()
        let session = BonafideSession(protection: fake)
        let (bytes, _) = try await session.bytes(from: stage.echo.appendingPathComponent("endless"))
        struct Taken: Decodable { let taken: Int }
        let seen = try await session.data(from: stage.echo.appendingPathComponent("taken")).0
        XCTAssertLessThan(try JSONDecoder().decode(Taken.self, from: seen).taken, 1 << 26, "nothing stopped the server")
        var count = 0
        do {
            for try await byte in bytes {
                guard byte == Spout.byte(at: count) else { return XCTFail("byte \(count) is another one") }
                count += 1
            }
            XCTFail("it ended as if it were whole")
        } catch {
            XCTAssertEqual((error as? URLError)?.code, .networkConnectionLost)
        }
        XCTAssertGreaterThan(count, Handler.mostUnread)
    }

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
        let rows: [(type: String, waits: Bool, breaksOff: Bool)] = [
            ("text/plain", true, true), ("text/plain", false, false), ("multipart/x-mixed-replace", true, false),
        ]
        for row in rows {
            let (handler, task) = (stream(), RecordedTask())
            handler.runs(task)
            let count = row.waits ? Handler.mostUnread + 1 : 1
            for type in [row.type, "image/jpeg", "image/jpeg"] {
                handler.received(URLResponse(url: spout, mimeType: type, expectedContentLength: -1, textEncodingName: nil))
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

/// Says what it was told, and does nothing.
private final class RecordedTask: URLSessionDataTask, @unchecked Sendable {
    let calls = Locked([String]())

    override func suspend() { calls.with { $0.append("suspend") } }
    override func resume() { calls.with { $0.append("resume") } }
    override func cancel() { calls.with { $0.append("cancel") } }
}

private final class Completion: NSObject, URLSessionTaskDelegate {
    private let end = Locked<(any Error)??>(.none)

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        end.with { $0 = .some(error) }
    }

    func waits() async -> (any Error)? {
        while true {
            if let end = end.with({ $0 }) { return end }
            await Task.yield()
        }
    }
}
#endif
