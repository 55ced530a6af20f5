import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A redirect that keeps method and body (307, 308), to a host with other pins: the whole body arrives, or nothing does.
final class RedirectedBodyTests: XCTestCase {
    private let fake = FakeProtection()

    private func post(_ stage: RealStage, status: Int) throws -> URLRequest {
        fake.pin(try XCTUnwrap(stage.other.host), to: try RealStage.certificates(stage.otherChain))
        var url = URLComponents(url: stage.echo.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
        url.queryItems = [
            URLQueryItem(name: "to", value: stage.other.absoluteString + "/landed"), URLQueryItem(name: "status", value: "\(status)"),
        ]
        var request = URLRequest(url: url.url!)
        request.httpMethod = "POST"
        return request
    }

    func testABodyInMemoryArrivesWhole() async throws {
        let stage = try RealStage.open()
        for status in [307, 308] {
            var request = try post(stage, status: status)
            request.httpBody = Data("order 1".utf8)
            let landed = try Echo(try await BonafideSession(protection: fake).data(for: request).0)
            XCTAssertEqual(landed.path, "/landed")
            XCTAssertEqual(landed.body, "order 1", "\(status)")
        }
    }

    func testABodyThatWasAStreamIsNotSentInPart() async throws {
        let stage = try RealStage.open()
        for status in [307, 308] {
            var request = try post(stage, status: status)
            request.httpBodyStream = InputStream(data: Data("order 1".utf8))
            let sent = request
            await XCTAssertThrowsAsync({ try await BonafideSession(protection: self.fake).data(for: sent) }) {
                XCTAssertEqual($0.bonafide?.code, .unsupportedClient, "\(status): \($0)")
            }
        }
    }

    func testARequestWithoutABodyGoesOn() async throws {
        let stage = try RealStage.open()
        let landed = try Echo(try await BonafideSession(protection: fake).data(for: try post(stage, status: 307)).0)
        XCTAssertEqual(landed.path, "/landed")
        XCTAssertEqual(landed.body, "")
    }

    func testABodyThatADelegateTookOffStaysOff() async throws {
        let stage = try RealStage.open()
        for status in [307, 308] {
            var request = try post(stage, status: status)
            request.httpBody = Data("order 1".utf8)
            let session = BonafideSession(protection: fake)
            let landed = try Echo(try await session.data(for: request, delegate: TakesBodiesOff()).0)
            XCTAssertEqual(landed.path, "/landed")
            XCTAssertEqual(landed.body, "", "\(status)")
        }
    }
}

private final class TakesBodiesOff: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        var bare = request
        (bare.httpBody, bare.httpBodyStream) = (nil, nil)
        completionHandler(bare)
    }
}
