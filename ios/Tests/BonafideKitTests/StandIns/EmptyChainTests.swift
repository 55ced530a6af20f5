#if os(Linux)
// Of Linux alone: Apple's SecTrust never says yes to a chain of nothing. The stand-in does when it is told to.
import Foundation
import Security
import XCTest

@testable import BonafideKit

final class EmptyChainTests: XCTestCase {
    func testAYesWithoutAChainIsANo() async throws {
        let entry: [String: Any] = ["host": "api.acme.com", "pins": [try Acme.pin("leaf"), Vectors.nobodysPin]]
        let protection = try await ConfigForge().protection(hosts: [entry], of: self)
        let trust = SecTrust(standInFor: [], evaluated: [], names: ["api.acme.com"])
        let answer = await PinningDelegate(protection: protection)
            .answer(Challenges.challenge(TrustedSpace(host: "api.acme.com", trust: trust)))
        XCTAssertEqual(answer, .cancelled)
    }
}
#endif
