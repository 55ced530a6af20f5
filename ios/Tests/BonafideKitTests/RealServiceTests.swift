import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Facade, core, service and API, nothing of them played.
final class RealServiceTests: XCTestCase {
    func testALoginGetsThroughWithTheTokenAndNotWithout() async throws {
        let stage = try RealStage.open()
        let session = BonafideSession(protection: try await stage.protection(), wait: 60)
        let (_, refused) = try await URLSession.shared.upload(for: login(stage.login), from: body)
        XCTAssertEqual((refused as? HTTPURLResponse)?.statusCode, 401)
        let (data, answer) = try await session.upload(for: login(stage.login), from: body)
        XCTAssertEqual((answer as? HTTPURLResponse)?.statusCode, 200, String(decoding: data, as: UTF8.self))
        XCTAssertTrue(String(decoding: data, as: UTF8.self).contains(stage.app))
    }

    func testADevelopersBuildGetsInAmongDevelopersAndNowhereElse() async throws {
        let stage = try RealStage.open()
        let protection = try await stage.protection(development: true)
        XCTAssertNotNil(protection.status.developmentKey)
        let session = BonafideSession(protection: protection, wait: 60)
        let (data, answer) = try await session.upload(for: login(stage.developmentApi), from: body)
        XCTAssertEqual((answer as? HTTPURLResponse)?.statusCode, 200, String(decoding: data, as: UTF8.self))
        let (_, refused) = try await session.upload(for: login(stage.api), from: body)
        XCTAssertEqual((refused as? HTTPURLResponse)?.statusCode, 401)
    }

    private let body = Data(#"{"user": "alice", "password": "x"}"#.utf8)

    private func login(_ api: URL) -> URLRequest {
        var request = URLRequest(url: api.appendingPathComponent("login"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        return request
    }

    func testTheVerbsAnswerFromTheCore() async throws {
        let stage = try RealStage.open()
        let protection = try await stage.protection()
        XCTAssertEqual(protection.status.phase, .running)
        XCTAssertNil(protection.installationId)
        try await protection.precheck()
        XCTAssertNotNil(protection.installationId)
        XCTAssertEqual(protection.status.keyLevel, "software")
        let token = try await protection.token(for: stage.api)
        XCTAssertEqual(token.split(separator: ".").count, 3)
        let bound = try await protection.token(for: stage.api, binding: Data("order-1".utf8))
        XCTAssertNotEqual(token, bound)
        let diagnosis = try await protection.diagnose()
        XCTAssertTrue(diagnosis.healthy, "\(diagnosis)")
        let development = RealStage.isDevelopment ? ["development"] : []
        XCTAssertEqual(diagnosis.checks.map(\.name), ["start"] + development + ["storage", "service", "tokens"])
        let unlisted = try await protection.headers(for: stage.other)
        XCTAssertEqual(unlisted, [:])
        await XCTAssertThrowsAsync({ try await protection.token(for: stage.other) }) {
            XCTAssertEqual($0.bonafide?.code, .hostNotInConfig)
        }
    }

    func testPinsOfTheRealConfig() async throws {
        let stage = try RealStage.open()
        let protection = try await stage.protection()
        let chain = try RealStage.certificates(stage.chain)
        guard case .pinned = protection.checkPins(host: "localhost", chain: chain) else { return XCTFail("not pinned") }
        guard case .mismatch(let mismatch) = protection.checkPins(host: "localhost", chain: [chain[1]]) else {
            return XCTFail("the authority alone passed")
        }
        XCTAssertEqual(mismatch.served.count, 1)
        XCTAssertEqual(mismatch.expected.count, 2)
        guard case .mismatch = protection.checkPins(host: "localhost", chain: []) else { return XCTFail("nothing passed") }
        XCTAssertEqual(protection.checkPins(host: "127.0.0.1", chain: chain), .unpinned)
    }
}
