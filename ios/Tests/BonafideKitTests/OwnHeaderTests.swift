import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A token under a name of the operator's (`token.header`) goes no further than one under Bonafide's own.
final class OwnHeaderTests: XCTestCase {
    private let url = URL(string: "https://localhost:1/x")!
    private let stranger = URL(string: "https://other.example/x")!

    private func protection(_ header: String, token: String = "t1") -> OwnHeader {
        let protection = OwnHeader(header)
        protection.fake.protect("localhost", token: token)
        return protection
    }

    /// What is left for a stranger of a request that was made for the API.
    private func turned(_ protection: OwnHeader, _ change: (inout URLRequest) -> Void = { _ in }) async throws -> URLRequest {
        let requests = RequestGuard(protection: protection, wait: 5)
        var request = URLRequest(url: url)
        request.setValue("kept", forHTTPHeaderField: "X-Order")
        request = try await requests.prepare(request, binding: nil)
        XCTAssertNotNil(try request.value(forHTTPHeaderField: protection.rules(for: "localhost").tokenHeader))
        request.url = stranger
        change(&request)
        return try await requests.prepare(request, binding: nil)
    }

    func testARequestThatIsTurnedToAStrangerLosesIt() async throws {
        let request = try await turned(protection("X-Token"))
        XCTAssertNil(request.value(forHTTPHeaderField: "X-Token"))
        XCTAssertEqual(request.value(forHTTPHeaderField: "X-Order"), "kept")
    }

    /// Others know such a name as well: what the app itself sends to a stranger is not Bonafide's to take.
    func testUnderANameOfHTTPsOnlyATokenIsTaken() async throws {
        let request = try await turned(protection("Authorization", token: "given out"))
        XCTAssertNil(request.value(forHTTPHeaderField: "Authorization"))
        let own = try await turned(protection("Authorization")) { $0.setValue("Bearer app", forHTTPHeaderField: "Authorization") }
        XCTAssertEqual(own.value(forHTTPHeaderField: "Authorization"), "Bearer app")
    }

    func testARedirectElsewhereLosesItWhateverItsName() async throws {
        let stage = try RealStage.open()
        for name in ["X-Token", "Authorization"] {
            let session = BonafideSession(protection: protection(name))
            let there = try Echo(try await session.data(from: stage.echo).0)
            XCTAssertEqual(there.header(name), "t1")
            var away = URLComponents(url: stage.echo.appendingPathComponent("redirect"), resolvingAgainstBaseURL: false)!
            away.queryItems = [URLQueryItem(name: "to", value: stage.other.absoluteString + "/landed")]
            let landed = try Echo(try await session.data(from: away.url!).0)
            XCTAssertEqual(landed.path, "/landed")
            XCTAssertNil(landed.header(name), name)
        }
    }

    /// What a protected host is sent under that name follows no redirect, the app's own value neither.
    func testARedirectFromAProtectedHostTakesNothingOfThatNameAlong() async throws {
        let requests = RequestGuard(protection: protection("Authorization"), wait: 5)
        var request = URLRequest(url: stranger)
        request.setValue("a token that nobody remembers", forHTTPHeaderField: "Authorization")
        let redirected = try await requests.prepare(request, binding: nil, from: url)
        XCTAssertNil(redirected.value(forHTTPHeaderField: "Authorization"))
    }

    func testHeadersOfTheConfigurationTakeItToNoStranger() async throws {
        let stage = try RealStage.open()
        let configuration = URLSessionConfiguration.default
        configuration.httpAdditionalHeaders = ["x-TOKEN": "t0", "X-Order": "kept"]
        let session = BonafideSession(protection: protection("X-Token"), configuration: configuration)
        let there = try Echo(try await session.data(from: stage.echo).0)
        XCTAssertEqual(there.header("X-Token"), "t1")
        let elsewhere = try Echo(try await session.data(from: stage.other).0)
        XCTAssertNil(elsewhere.header("X-Token"))
        XCTAssertEqual(elsewhere.header("X-Order"), "kept")
    }
}
