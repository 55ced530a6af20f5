import Foundation
import XCTest

@testable import BonafideKit

/// `tests/vectors/documents.json` and what the core reads besides at a start, through facade and binding: as Kotlin's
/// NativeLibraryTest.
final class InitialConfigTests: XCTestCase {
    private func initial() throws -> Data {
        let documents = try XCTUnwrap(try Vectors.json("documents.json") as? [String: Any])
        return Data(try XCTUnwrap(documents["initial"] as? String).utf8)
    }

    private func settings(_ config: Data, developmentKey: String? = nil) throws -> Settings {
        try Settings(
            initialConfig: config, storage: temporaryFolder(), platform: .linux, appId: "com.acme.app", appVersion: "1",
            appBuild: "", artifacts: [], developmentKey: developmentKey, requestTimeout: 1, logLevel: .off, installKey: nil,
            evidence: nil, connectivity: nil)
    }

    private func start(_ protection: BonafideProtection, _ settings: Settings) async throws {
        protection.start(timeout: 60) { settings }
        try await protection.waitUntilStarted(within: 60)
    }

    func testTheInitialConfigOfTheVectorsIsRead() async throws {
        let protection = BonafideProtection()
        try await start(protection, settings(try initial()))
        XCTAssertEqual(protection.status.epoch, 1)
        XCTAssertEqual(protection.status.version, 100)
        let rules = try protection.rules(for: "api.acme.com")
        XCTAssertTrue(rules.listed && rules.pinned && rules.enforced && rules.protected)
        XCTAssertEqual(rules.tokenHeader, "Bonafide-Token")
        XCTAssertFalse(try protection.rules(for: "other.example").listed)
        guard case .mismatch(let mismatch) = protection.checkPins(host: "api.acme.com", chain: try Vectors.chain()) else {
            return XCTFail("not pinned")
        }
        XCTAssertEqual(mismatch.expected.count, 2)
        XCTAssertEqual(mismatch.served, try ["leaf", "intermediate", "root"].map(Vectors.pin))
        protection.close()
    }

    func testABadOneIsToldToEveryCallAndAGoodOneMayFollow() async throws {
        let good = try initial()
        let bad = [Data(), Data("{}".utf8), Data("not json".utf8), Data(#"{"roots":[],"config":""}"#.utf8), good.prefix(good.count / 2)]
        for config in bad {
            let protection = BonafideProtection()
            await XCTAssertThrowsAsync({ try await self.start(protection, try self.settings(config)) }) {
                XCTAssertEqual($0.bonafide?.code, .badInitialConfig, "\(config.count) bytes")
            }
            XCTAssertEqual(protection.status.phase, .failed)
            XCTAssertThrowsError(try protection.rules(for: "api.acme.com")) { XCTAssertEqual($0.bonafide?.code, .badInitialConfig) }
            try await start(protection, settings(good))
            XCTAssertEqual(protection.status.version, 100)
            protection.close()
        }
    }

    func testADevelopmentKeyIsReadOrStopsTheStart() async throws {
        let messages = try XCTUnwrap(try Vectors.json("messages.json") as? [String: Any])
        let proof = try XCTUnwrap(messages["development_proof"] as? [String: Any])
        let key = try XCTUnwrap(proof["key"] as? String)
        let protection = BonafideProtection()
        try await start(protection, settings(try initial(), developmentKey: key))
        XCTAssertEqual(protection.status.developmentKey, (proof["proof"] as? [String: String])?["key"])
        protection.close()
        for refused in ["", "bonafide_dev_AAAAAAAAAAAA.cut", String(key.dropLast())] {
            await XCTAssertThrowsAsync({ try await self.start(BonafideProtection(), self.settings(try self.initial(), developmentKey: refused)) }) {
                XCTAssertEqual($0.bonafide?.code, .badDevelopmentKey, refused)
            }
        }
    }

    /// Before a start it is this side that refuses, and the core after.
    func testTheCoreRefusesWhatIsNoUserPropertyAsThisSideDoes() throws {
        let engine = try NativeCore.start(settings(try initial()), EngineEvents(onRevision: { _ in }, onStatus: {}))
        for text in ["", " ", "a b", "a,b", "a\n", "ü", String(repeating: "u", count: 129), "u", "~!+-", String(repeating: "u", count: 128)] {
            let here = (try? BonafideProtection().setUserProperty(text)) != nil
            XCTAssertEqual(here, try engine.setUserProperty(text) == nil, text)
        }
        engine.stop()
    }

    func testAfterItsEndEveryCallIsRefused() async throws {
        let protection = BonafideProtection()
        try await start(protection, settings(try initial()))
        protection.close()
        protection.close()
        XCTAssertThrowsError(try protection.rules(for: "api.acme.com")) { XCTAssertEqual($0.bonafide?.code, .notStarted) }
        for host in ["api.acme.com", "other.example"] {
            guard case .mismatch = protection.checkPins(host: host, chain: try Vectors.chain()) else { return XCTFail("\(host) passes") }
        }
        await XCTAssertThrowsAsync({ try await protection.refresh() }) { XCTAssertEqual($0.bonafide?.code, .notStarted) }
        XCTAssertEqual(protection.status.phase, .closed)
    }

    func testTheEngineItselfIsSafeAfterItsEnd() async throws {
        let engine = try NativeCore.start(settings(try initial()), EngineEvents(onRevision: { _ in }, onStatus: {}))
        engine.stop()
        engine.stop()
        await XCTAssertThrowsAsync({ try await engine.token(host: "api.acme.com", binding: nil, within: 0.01) }) {
            XCTAssertEqual($0.bonafide?.code, .notStarted)
        }
    }

    func testOddHostsAndChainsAreMismatches() async throws {
        let protection = BonafideProtection()
        try await start(protection, settings(try initial()))
        let leaf = try Vectors.certificate("leaf")
        for (host, chain) in [("", [leaf]), ("api.acme.com", []), (String(repeating: "a", count: 300), Array(repeating: leaf, count: 100))] {
            guard case .mismatch = protection.checkPins(host: host, chain: chain) else {
                XCTFail("\(host.prefix(20)) with \(chain.count) certificates passes")
                continue
            }
        }
        protection.close()
    }
}
