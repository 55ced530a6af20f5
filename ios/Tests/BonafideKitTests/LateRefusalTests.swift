import Foundation
import XCTest

@testable import BonafideKit

/// What outlives its task is nobody else's.
final class LateRefusalTests: XCTestCase {
    /// A verdict may come after its task has ended; another task may then be where that one was.
    func testARefusalThatCameTooLateIsNobodyElses() {
        let refusals = Refusals()
        let refusal = BonafideError(.pinMismatch, detail: "of a task that is gone")
        for _ in 0..<1000 {
            refusals.put(refusal, task: NSObject(), host: nil)
            XCTAssertNil(refusals.take(of: NSObject(), host: nil))
        }
        let alive = NSObject()
        refusals.put(refusal, task: alive, host: nil)
        XCTAssertEqual(refusals.take(of: alive, host: nil)?.code, .pinMismatch)
        XCTAssertNil(refusals.take(of: alive, host: nil))
    }
}
