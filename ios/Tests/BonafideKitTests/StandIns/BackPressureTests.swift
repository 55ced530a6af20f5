#if os(Linux)
// Of Linux alone: a protocol that keeps to `suspend` and `resume` stands for the system's loader. Apple's keeps to them
// itself, and is not to be told when. What a task is told, PausingTests has.
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

    private func session(_ delegate: (any URLSessionDelegate)? = nil) -> BonafideSession {
        BonafideSession(protection: fake, configuration: Spout.configuration(), delegate: delegate, delegateQueue: Spout.queue)
    }

    func testATransferWaitsForItsReaderAndEveryByteComesInOrder() async throws {
        let (bytes, _) = try await session().bytes(from: spout)
        await Spout.stalls()
        XCTAssertLessThanOrEqual(Spout.flow.with { $0.given }, Handler.mostUnread + Spout.chunk)
        try await readAll(bytes)
    }

    func testARedirectIntoAnotherSessionWaitsForItsReaderToo() async throws {
        let stage = try RealStage.open()
        fake.pin(try XCTUnwrap(stage.other.host), to: try RealStage.certificates(stage.otherChain))
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
        let reader = Task {
            // It takes no more than one before it is cancelled.
            for try await _ in bytes { while !Task.isCancelled { await Task.yield() } }
        }
        reader.cancel()
        await XCTAssertThrowsAsync({ try await reader.value }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        let error = await end.waits()
        XCTAssertEqual((error as? URLError)?.code, .cancelled)
        XCTAssertLessThan(Spout.flow.with { $0.given }, Spout.total)
    }

    /// The session that nobody holds ends with it.
    func testBytesThatAreDroppedUnreadEndTheirTransfer() async throws {
        for hasBegun in [false, true] {
            let end = Completion()
            do {
                let (bytes, _) = try await session(end).bytes(for: URLRequest(url: spout), delegate: end)
                await Spout.stalls()
                XCTAssertFalse(end.isInvalid.now)
                var iterator = bytes.makeAsyncIterator()
                if hasBegun { _ = try await iterator.next() }
            }
            let error = await end.waits()
            XCTAssertEqual((error as? URLError)?.code, .cancelled)
            XCTAssertLessThan(Spout.flow.with { $0.given }, Spout.total)
            while !end.isInvalid.now { await Task.yield() }
        }
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
        XCTAssertLessThan(try JSONDecoder().decode(Taken.self, from: seen).taken, 1 << 28, "nothing stopped the server")
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
}

private final class Completion: NSObject, URLSessionTaskDelegate {
    private let end = Locked<(any Error)??>(.none)
    let isInvalid = Locked(false)

    func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
        isInvalid.with { $0 = true }
    }

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
