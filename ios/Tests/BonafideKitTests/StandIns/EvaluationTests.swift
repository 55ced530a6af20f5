#if os(Linux)
// Of Linux alone: Apple's SecTrust does not say on which thread it was evaluated. The stand-in does.
import Foundation
import Security
import XCTest

@testable import BonafideKit

final class EvaluationTests: XCTestCase {
    /// It may fetch what is missing, and so wait for the network: neither on the main thread, for which the stand-in stops
    /// the tests, nor on one that other tasks need.
    func testItHoldsUpNoTask() async throws {
        let trust = SecTrust(standInFor: try Acme.chain(), evaluated: try Acme.chain(), names: ["api.acme.com"])
        let chain = try await ServerTrust(trust).evaluated(for: "api.acme.com")
        XCTAssertEqual(chain, try Acme.chain())
        XCTAssertEqual(trust.standInHeldATaskUp, false)
    }
}
#endif
