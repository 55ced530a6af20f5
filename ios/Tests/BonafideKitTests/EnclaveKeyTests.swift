import Foundation
import XCTest

@testable import BonafideKit

/// The key's rules over the system's keychain, on Linux over a stand-in; what it signs is real.
final class EnclaveKeyTests: XCTestCase {
    private let own = UUID().uuidString

    override func setUpWithError() throws {
        try Keychain.open()
        addTeardownBlock { [own] in
            for name in ["default", "second"] { try? EnclaveKeyTests.key(own, name: name).reset() }
        }
    }

    private static func key(_ own: String, mayMake: Bool = true, unlocked: Bool = true, name: String = "default") -> EnclaveKey {
        EnclaveKey(
            app: own, name: name, group: nil, mayMake: mayMake, inEnclave: Keychain.inEnclave, isUnlocked: { unlocked })
    }

    private func key(mayMake: Bool = true, unlocked: Bool = true, name: String = "default") -> EnclaveKey {
        Self.key(own, mayMake: mayMake, unlocked: unlocked, name: name)
    }

    private func XCTAssertNoKey(file: StaticString = #filePath, line: UInt = #line) {
        XCTAssertThrowsError(try key().sign(Data()), file: file, line: line) { error in
            guard case InstallKeyError.lost = error else { return XCTFail("\(error)", file: file, line: line) }
        }
    }

    func testTheSameKeyIsFoundAgainAndAnotherNameHasAnother() throws {
        let first = try key().loadOrCreate()
        XCTAssertEqual(first.point.count, 65)
        XCTAssertEqual(first.point.first, 4)
        XCTAssertEqual(first.level, Keychain.inEnclave ? .hardware : .software)
        XCTAssertEqual(try key().loadOrCreate(), first)
        let second = try key(name: "second").loadOrCreate()
        XCTAssertNotEqual(second, first)
        try key().reset()
        try key().reset()
        XCTAssertEqual(try key(name: "second").loadOrCreate(), second)
        XCTAssertNotEqual(try key().loadOrCreate(), first)
    }

    func testBeforeTheFirstUnlockWhatIsNotFoundIsNotGone() throws {
        for attempt in [{ _ = try self.key(unlocked: false).loadOrCreate() }, { _ = try self.key(unlocked: false).sign(Data()) }] {
            XCTAssertThrowsError(try attempt()) { error in
                guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
            }
        }
        XCTAssertNoKey()
    }

    func testAnExtensionMakesNoKeyAndUsesTheApps() throws {
        XCTAssertThrowsError(try key(mayMake: false).loadOrCreate()) { error in
            guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
        }
        XCTAssertNoKey()
        let facts = try key().loadOrCreate()
        XCTAssertEqual(try key(mayMake: false).loadOrCreate(), facts)
    }

    func testAKeyThatIsGoneIsLostForASignature() throws {
        XCTAssertNoKey()
        _ = try key().loadOrCreate()
        XCTAssertEqual(try key().sign(Data("x".utf8)).count, 64)
        try key().reset()
        XCTAssertNoKey()
    }

    /// Key, signature and their forms, judged by the real service: it gives tokens to nobody who cannot sign.
    func testTheServiceTakesItsSignatures() async throws {
        let stage = try RealStage.open()
        let protection = try await stage.protection(installKey: key())
        try await protection.precheck()
        XCTAssertNotNil(protection.installationId)
        XCTAssertEqual(protection.status.keyLevel, Keychain.inEnclave ? "hardware" : "software")
    }
}
