import Foundation
import Security
import XCTest

@testable import BonafideKit

/// Keys in the system's keychain; on Linux in a stand-in's.
enum Keychain {
    #if os(Linux)
        static let inEnclave = true
    #else
        /// A simulator has no Secure Enclave.
        static let inEnclave = false
    #endif

    /// - Throws: `XCTSkip` where the system gives a test without an app no keychain. A Swift package's tests have none.
    static func open() throws {
        #if os(Linux)
            StandInKeychain.shared.forget()
        #else
            let item: [CFString: Any] = [
                kSecClass: kSecClassGenericPassword, kSecAttrService: "io.bonafide.tests", kSecAttrAccount: UUID().uuidString,
            ]
            let content: [CFString: Any] = [kSecValueData: Data("x".utf8)]
            let status = SecItemAdd(item.merging(content) { $1 } as CFDictionary, nil)
            try XCTSkipIf(
                status == errSecMissingEntitlement,
                "errSecMissingEntitlement (-34018): these tests run without an app, and the keychain knows apps only")
            XCTAssertEqual(status, errSecSuccess)
            SecItemDelete(item as CFDictionary)
        #endif
    }
}
