// Over the stand-ins for Apple's frameworks, or with servers whose CA only scripts/test-swift makes trusted.
#if os(Linux)
import Foundation
import Security
import XCTest

@testable import BonafideKit

/// The key's rules, over a keychain of the test's; what it signs is real.
final class EnclaveKeyTests: XCTestCase {
    private let keychain = StandInKeychain.shared

    override func setUp() {
        keychain.forget()
    }

    private func key(group: String? = nil, mayMake: Bool = true, unlocked: Bool = true, name: String = "default") -> EnclaveKey {
        EnclaveKey(name: name, group: group, mayMake: mayMake, inEnclave: true, isUnlocked: { unlocked })
    }

    func testTheKeyIsMadeAsTheDesignHasIt() throws {
        let facts = try key(group: "group.com.acme").loadOrCreate()
        XCTAssertEqual(facts.point.count, 65)
        XCTAssertEqual(facts.point.first, 4)
        XCTAssertEqual(facts.level, .hardware)
        let made = try XCTUnwrap(keychain.keys.first?.standInAttributes)
        XCTAssertEqual(made[kSecAttrTokenID] as? NSString, kSecAttrTokenIDSecureEnclave)
        let own = try XCTUnwrap(made[kSecPrivateKeyAttrs] as? NSDictionary)
        XCTAssertEqual(own[kSecAttrIsPermanent] as? Bool, true)
        XCTAssertEqual(own[kSecAttrAccessGroup] as? String, "group.com.acme")
        let access = try XCTUnwrap(own[kSecAttrAccessControl] as? SecAccessControl)
        XCTAssertEqual(access.standInProtection, "\(kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)")
        XCTAssertEqual(access.standInFlags, .privateKeyUsage)
    }

    func testTheSameKeyIsFoundAgainAndAnotherNameHasAnother() throws {
        let first = try key().loadOrCreate()
        XCTAssertEqual(try key().loadOrCreate(), first)
        XCTAssertEqual(keychain.keys.count, 1)
        XCTAssertNotEqual(try key(name: "second").loadOrCreate(), first)
        try key().reset()
        try key().reset()
        XCTAssertEqual(keychain.keys.count, 1)
        XCTAssertNotEqual(try key().loadOrCreate(), first)
    }

    func testALockedPhoneNeverGetsANewKey() throws {
        let facts = try key().loadOrCreate()
        keychain.status = errSecInteractionNotAllowed
        for attempt in [{ _ = try self.key().loadOrCreate() }, { _ = try self.key().sign(Data()) }, { try self.key().reset() }] {
            XCTAssertThrowsError(try attempt()) { error in
                guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
            }
        }
        keychain.status = nil
        XCTAssertEqual(keychain.keys.count, 1)
        XCTAssertEqual(try key().loadOrCreate(), facts)
    }

    func testBeforeTheFirstUnlockWhatIsNotFoundIsNotGone() throws {
        for attempt in [{ _ = try self.key(unlocked: false).loadOrCreate() }, { _ = try self.key(unlocked: false).sign(Data()) }] {
            XCTAssertThrowsError(try attempt()) { error in
                guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
            }
        }
        XCTAssertEqual(keychain.keys.count, 0)
    }

    func testAnExtensionMakesNoKeyAndUsesTheApps() throws {
        XCTAssertThrowsError(try key(mayMake: false).loadOrCreate()) { error in
            guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
        }
        XCTAssertEqual(keychain.keys.count, 0)
        let facts = try key().loadOrCreate()
        XCTAssertEqual(try key(mayMake: false).loadOrCreate(), facts)
    }

    func testWhatTheEnclaveCannotUseAnyMoreIsLostAndAnythingElseIsNot() throws {
        _ = try key().loadOrCreate()
        let rows: [(String, Int, String)] = [
            ("CryptoTokenKit", -3, "lost"), ("CryptoTokenKit", -6, "lost"), ("CryptoTokenKit", -2, "failed"),
            (NSOSStatusErrorDomain, Int(errSecInteractionNotAllowed), "unavailable"), (NSOSStatusErrorDomain, -3, "failed"),
        ]
        for (domain, code, expected) in rows {
            keychain.signingError = NSError(domain: domain, code: code)
            XCTAssertThrowsError(try key().sign(Data())) { error in
                XCTAssertTrue("\(error)".hasPrefix("\(expected)("), "\(domain) \(code): \(error)")
            }
        }
    }

    func testAKeyThatIsGoneIsLostForASignature() throws {
        XCTAssertThrowsError(try key().sign(Data())) { error in
            guard case InstallKeyError.lost = error else { return XCTFail("\(error)") }
        }
        XCTAssertEqual(keychain.keys.count, 0)
    }

    /// Key, signature and their forms, judged by the real service: it gives tokens to nobody who cannot sign.
    func testTheServiceTakesItsSignatures() async throws {
        let stage = try RealStage.open()
        let protection = try await stage.protection(installKey: key())
        try await protection.precheck()
        XCTAssertNotNil(protection.installationId)
        XCTAssertEqual(protection.status.keyLevel, "hardware")
        XCTAssertEqual(keychain.keys.count, 1)
    }

    func testSignaturesChangeTheirForm() {
        let (one, high) = (Data(repeating: 0, count: 31) + [1], Data(repeating: 0xff, count: 32))
        XCTAssertEqual(EcdsaSignature.raw(der: Data([0x30, 6, 2, 1, 1, 2, 1, 1])), one + one)
        XCTAssertEqual(EcdsaSignature.raw(der: Data([0x30, 38, 2, 33, 0]) + high + Data([2, 1, 1])), high + one)
        let refused: [Data] = [
            Data(), Data([0x30]), Data([0x31, 6, 2, 1, 1, 2, 1, 1]), Data([0x30, 6, 2, 1, 1, 2, 1]),
            Data([0x30, 7, 2, 1, 1, 2, 1, 1]), Data([0x30, 3, 2, 1, 1]), Data([0x30, 6, 2, 0, 1, 2, 1, 1]),
            Data([0x30, 8, 2, 1, 1, 2, 1, 1, 2, 1]), Data([0x30, 38, 2, 33, 1]) + high + Data([2, 1, 1]),
        ]
        for der in refused { XCTAssertNil(EcdsaSignature.raw(der: der), "\(Array(der))") }
    }
}
#endif
