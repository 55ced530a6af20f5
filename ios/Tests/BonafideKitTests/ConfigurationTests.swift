import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What an app's configuration brings along answers for no pinned host: no server was looked at for it.
final class ConfigurationTests: XCTestCase {
    private let fake = FakeProtection()
    // Nobody listens there.
    private let pinned = URL(string: "https://localhost:1/x")!
    private let unpinned = URL(string: "https://127.0.0.1:1/x")!

    func testAProtocolOfTheAppsAnswersForNoPinnedHost() async throws {
        let configuration = URLSessionConfiguration.default
        configuration.protocolClasses = [Answering.self] + (configuration.protocolClasses ?? [])
        let session = BonafideSession(protection: fake, configuration: configuration)
        for reportOnly in [false, true] {
            fake.pin("localhost", to: [], reportOnly: reportOnly)
            await XCTAssertThrowsAsync({ try await session.data(from: self.pinned) }) { XCTAssertTrue($0 is URLError, "\($0)") }
        }
        // As a test's double of a server, and of hosts that are not pinned, it stays.
        let (data, _) = try await session.data(from: unpinned)
        XCTAssertEqual(data, Data("from nowhere".utf8))
        fake.protect("localhost")
        let (protected, _) = try await session.data(from: pinned)
        XCTAssertEqual(protected, Data("from nowhere".utf8))
        XCTAssertTrue(configuration.protocolClasses?.first == Answering.self, "the app's own configuration was changed")
    }

    func testACacheThatOthersFilledAnswersForNoPinnedHost() async throws {
        let (configuration, cache) = (URLSessionConfiguration.default, URLCache.inMemory(1 << 20))
        configuration.urlCache = cache
        for url in [pinned, unpinned] { try store(url, in: cache) }
        let session = BonafideSession(protection: fake, configuration: configuration)
        fake.intercept("localhost")
        await XCTAssertThrowsAsync({ try await session.data(from: self.pinned) }) { XCTAssertTrue($0 is URLError, "\($0)") }
        let (data, _) = try await session.data(from: unpinned)
        XCTAssertEqual(data, Data("stored".utf8))
    }

    private func store(_ url: URL, in cache: URLCache) throws {
        let head = try XCTUnwrap(
            HTTPURLResponse(url: url, statusCode: 200, httpVersion: "HTTP/1.1", headerFields: ["Cache-Control": "max-age=3600"]))
        cache.storeCachedResponse(CachedURLResponse(response: head, data: Data("stored".utf8)), for: URLRequest(url: url))
        XCTAssertNotNil(cache.cachedResponse(for: URLRequest(url: url)))
    }
}

/// Answers for every server, as a debugging tool's protocol might.
private final class Answering: URLProtocol {
    override class func canInit(with request: URLRequest) -> Bool { true }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }
    override func stopLoading() {}

    override func startLoading() {
        let body = Data("from nowhere".utf8)
        if let url = request.url {
            let head = URLResponse(url: url, mimeType: nil, expectedContentLength: body.count, textEncodingName: nil)
            client?.urlProtocol(self, didReceive: head, cacheStoragePolicy: .notAllowed)
        }
        client?.urlProtocol(self, didLoad: body)
        client?.urlProtocolDidFinishLoading(self)
    }
}
