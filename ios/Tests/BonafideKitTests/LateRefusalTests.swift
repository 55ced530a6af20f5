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

    private let seconds = Locked(TimeInterval(0))
    private let refusal = BonafideError(.pinMismatch, detail: "of a host")

    private func refusals() -> Refusals { Refusals(now: { [seconds] in seconds.now }) }

    /// Nobody has connected since; what is cancelled much later was cancelled by its caller.
    func testWhatARefusalStopsEndsSoon() {
        let (refusals, task) = (refusals(), NSObject())
        refusals.begins(task)
        refusals.put(refusal, task: nil, host: "api.acme.com")
        seconds.with { $0 += Refusals.longest - 1 }
        XCTAssertEqual(refusals.take(of: task, host: "api.acme.com")?.code, .pinMismatch)
        XCTAssertNil(refusals.take(of: task, host: "other.acme.com"))
        seconds.with { $0 += 1 }
        XCTAssertNil(refusals.take(of: task, host: "api.acme.com"), "a refusal of long ago")
        refusals.put(refusal, task: nil, host: "api.acme.com")
        XCTAssertEqual(refusals.take(of: task, host: "api.acme.com")?.code, .pinMismatch)
    }

    func testAHostIsTheSameHoweverItIsWritten() {
        let refusals = refusals()
        refusals.put(refusal, task: nil, host: "api.acme.com")
        XCTAssertEqual(refusals.take(of: NSObject(), host: "API.ACME.com.")?.code, .pinMismatch)
        refusals.put(refusal, task: nil, host: "Pay.acme.com.")
        refusals.forget(host: "pay.acme.com")
        XCTAssertNil(refusals.take(of: NSObject(), host: "pay.acme.com"))
    }

    func testATaskThatBeganAfterARefusalWasNotStoppedByIt() {
        let (refusals, before, after, unknown) = (refusals(), NSObject(), NSObject(), NSObject())
        refusals.begins(before)
        refusals.put(refusal, task: nil, host: "api.acme.com")
        refusals.begins(after)
        // Said twice: by the session and by the system.
        refusals.begins(before)
        XCTAssertNil(refusals.take(of: after, host: "api.acme.com"))
        XCTAssertEqual(refusals.take(of: before, host: "api.acme.com")?.code, .pinMismatch)
        XCTAssertEqual(refusals.take(of: unknown, host: "api.acme.com")?.code, .pinMismatch)
    }

    func testATaskThatIsGoneSaysNothingOfAnotherInItsPlace() {
        let refusals = refusals()
        refusals.put(refusal, task: nil, host: "api.acme.com")
        for _ in 0..<1000 {
            refusals.begins(NSObject())
            XCTAssertNotNil(refusals.take(of: NSObject(), host: "api.acme.com"))
        }
    }
}
