import Foundation
import XCTest

@testable import BonafideKit

/// The default protection by its short names. Nothing starts it for good here: other tests share the process.
final class FacadeTests: XCTestCase {
    func testTheShortNamesAreThoseOfTheDefaultProtection() async throws {
        try Bonafide.setUserProperty("hash-of-somebody")
        addTeardownBlock { try Bonafide.setUserProperty(nil) }
        XCTAssertEqual(Bonafide.protection.userProperty, "hash-of-somebody")
        XCTAssertEqual(Bonafide.userProperty, "hash-of-somebody")
        XCTAssertThrowsError(try Bonafide.setUserProperty("two, of them"))

        var updates = Bonafide.statusUpdates.makeAsyncIterator()
        let first = await updates.next()
        XCTAssertEqual(first?.phase, Bonafide.protection.status.phase)
    }

    func testNoChainPassesBeforeTheStart() {
        guard case .mismatch(let mismatch) = Bonafide.checkPins(host: "api.acme.com", chain: [Data("der".utf8)]) else {
            return XCTFail("a chain passed")
        }
        XCTAssertEqual(mismatch.host, "api.acme.com")
    }
}
