#if os(Linux)
// Of Linux alone: no test can lock a simulator, break its enclave or look into a real keychain. The stand-in tells and does
// what it is told.
import Foundation
import Security
import XCTest

@testable import BonafideKit

/// The key's rules where the keychain or the enclave does not play along; EnclaveKeyTests has the others.
final class StandInKeychainTests: XCTestCase {
    private let keychain = StandInKeychain.shared

    override func setUp() {
        keychain.forget()
    }

    private func key(app: String = "com.acme.app", group: String? = nil, mayMake: Bool = true) -> EnclaveKey {
        EnclaveKey(app: app, name: "default", group: group, mayMake: mayMake, inEnclave: true, isUnlocked: { true })
    }

    /// Without a group a query goes through all that the app belongs to: a vendor's apps may have their first in common.
    func testAnotherAppsKeyIsNeitherFoundNorRemoved() throws {
        let (first, second) = (try key(app: "com.acme.first").loadOrCreate(), try key(app: "com.acme.second").loadOrCreate())
        XCTAssertNotEqual(first, second)
        try key(app: "com.acme.second").reset()
        XCTAssertEqual(try key(app: "com.acme.first").loadOrCreate(), first)
    }

    /// Of an extension whose records lie elsewhere, the first start takes the app's key for one of an earlier install.
    func testAnExtensionRemovesNoKey() throws {
        let facts = try key().loadOrCreate()
        XCTAssertThrowsError(try key(mayMake: false).reset()) { error in
            guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
        }
        XCTAssertEqual(try key().loadOrCreate(), facts)
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

    func testAPhoneThatMakesNoKeyNowIsAskedAgain() throws {
        keychain.makingStatus = errSecInteractionNotAllowed
        XCTAssertThrowsError(try key().loadOrCreate()) { error in
            guard case InstallKeyError.unavailable = error else { return XCTFail("\(error)") }
        }
        keychain.makingStatus = nil
        _ = try key().loadOrCreate()
        XCTAssertEqual(keychain.keys.count, 1)
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
}
#endif
