import DeviceCheck
import Foundation
import XCTest

@testable import BonafideKit

/// A disk that takes nothing: neither does the phone stay with a key that Apple refuses, nor is a key made each time.
final class AppAttestUnsavedTests: XCTestCase {
    private let apple = AttestDouble()
    private let isFull = Locked(false)
    private var folder = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        folder = try temporaryFolder()
    }

    private func process() -> AppAttest {
        AppAttest(
            service: apple, folder: folder, patience: 60,
            write: { [isFull] content, file in
                if isFull.now { throw CocoaError(.fileWriteOutOfSpace) }
                try content.write(to: file, options: .atomic)
            })
    }

    private func outcome(_ process: AppAttest, _ failure: DCError.Code? = nil, anew: Bool = false) -> String {
        apple.failure = failure.map { DCError($0) }
        do {
            let evidence = try process.evidence(boundHash: Data(repeating: 7, count: 32), anew: anew)
            return evidence.assertion == nil ? "attested \(evidence.keyId[0])" : "asserted \(evidence.keyId[0])"
        } catch {
            return "\(error)".components(separatedBy: "(")[0]
        }
    }

    func testRefusalsInARowAreCounted() {
        XCTAssertEqual(outcome(process(), anew: true), "attested 1")
        isFull.with { $0 = true }
        let process = process()
        XCTAssertEqual((0..<3).map { _ in outcome(process, .invalidInput) }, ["unavailable", "unavailable", "lost"])
        XCTAssertEqual(outcome(process, anew: true), "attested 2")
        XCTAssertEqual(outcome(process), "asserted 2")
    }

    func testWithoutAppleOneKeyIsMade() {
        isFull.with { $0 = true }
        let process = process()
        XCTAssertEqual(Set((0..<20).map { _ in outcome(process, .serverUnavailable, anew: true) }), ["unavailable"])
        XCTAssertEqual(apple.made, 1)
        XCTAssertEqual(outcome(process, anew: true), "attested 1")
        XCTAssertEqual((0..<20).map { _ in outcome(process) }, Array(repeating: "asserted 1", count: 20))
        XCTAssertEqual(apple.made, 1)
    }

    /// What the process knew goes with it, and what it had given up with that: the next one has one key made.
    func testANewProcessMakesOneKeyAndNoMore() {
        XCTAssertEqual(outcome(process(), anew: true), "attested 1")
        isFull.with { $0 = true }
        XCTAssertEqual(outcome(process(), .invalidKey), "lost")
        for made in 2...4 {
            let process = process()
            XCTAssertEqual(outcome(process), "lost")
            XCTAssertEqual(outcome(process, anew: true), "attested \(made)")
            XCTAssertEqual((0..<5).map { _ in outcome(process) }, Array(repeating: "asserted \(made)", count: 5))
        }
    }

    /// The service wanted another key, and knows no other any more.
    func testAKeyThatWasReplacedIsNotTakenUpAgain() {
        XCTAssertEqual(outcome(process(), anew: true), "attested 1")
        isFull.with { $0 = true }
        XCTAssertEqual(outcome(process(), anew: true), "attested 2")
        XCTAssertEqual(outcome(process()), "lost")
    }

    func testOnceThereIsSpaceTheFileHasIt() {
        isFull.with { $0 = true }
        let first = process()
        XCTAssertEqual(outcome(first, anew: true), "attested 1")
        isFull.with { $0 = false }
        XCTAssertEqual(outcome(first), "asserted 1")
        XCTAssertEqual(outcome(process()), "asserted 1")
        XCTAssertEqual(apple.made, 1)
    }
}
