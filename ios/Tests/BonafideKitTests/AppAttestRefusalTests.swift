import DeviceCheck
import Foundation
import XCTest

@testable import BonafideKit

/// A key whose assertions Apple refuses as invalid input, and what the core is told: not "later" for ever, and no new key
/// each time.
final class AppAttestRefusalTests: XCTestCase {
    private let apple = AttestDouble()
    private var folder = URL(fileURLWithPath: "/")
    private let hash = Data(repeating: 7, count: 32)
    private var time: TimeInterval = 1_800_000_000

    override func setUpWithError() throws {
        folder = try temporaryFolder()
        _ = try evidence(anew: true)
    }

    /// A new process each time, with the same storage.
    private func evidence(anew: Bool) throws -> AppAttestEvidence {
        let time = time
        return try AppAttest(service: apple, folder: folder, patience: 60, now: { time }).evidence(boundHash: hash, anew: anew)
    }

    private func outcome(_ failure: DCError.Code?, anew: Bool = false) -> String {
        apple.failure = failure.map { DCError($0) }
        do {
            return try evidence(anew: anew).assertion == nil ? "attested" : "asserted"
        } catch {
            return "\(error)".components(separatedBy: "(")[0]
        }
    }

    func testTheThirdRefusalLosesTheKey() throws {
        XCTAssertEqual((0..<3).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable", "lost"])
        // The core asks at once, anew, and the new key is given three tries too.
        XCTAssertEqual(outcome(nil, anew: true), "attested")
        XCTAssertEqual((0..<3).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable", "lost"])
        XCTAssertEqual(apple.made, 2)
    }

    func testASuccessBeginsTheCountAnewAndOtherFailuresCountForNothing() {
        XCTAssertEqual((0..<2).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable"])
        XCTAssertEqual(outcome(nil), "asserted")
        XCTAssertEqual((0..<2).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable"])
        for other in [DCError.Code.serverUnavailable, .unknownSystemFailure, .serverUnavailable] {
            XCTAssertEqual(outcome(other), "unavailable")
        }
        XCTAssertEqual(outcome(.invalidInput), "lost")
        XCTAssertEqual(apple.made, 1)
    }

    /// After a restore or a transfer to another phone Apple may call the key invalid, whatever it has said before.
    func testAKeyThatIsNoneIsLostAtOnce() {
        XCTAssertEqual(outcome(.invalidKey), "lost")
        XCTAssertEqual(outcome(nil, anew: true), "attested")
        XCTAssertEqual([.invalidInput, .serverUnavailable, .invalidKey].map { outcome($0) }, ["unavailable", "unavailable", "lost"])
        XCTAssertEqual(outcome(nil, anew: true), "attested")
        XCTAssertEqual(outcome(nil), "asserted")
        XCTAssertEqual(apple.made, 3)
    }

    /// Production has seen keys for which that never ended, until the app was installed anew.
    func testAKeyThatFailsEightTimesForNoReasonIsLost() {
        let seven = Array(repeating: "unavailable", count: 7)
        XCTAssertEqual((0..<7).map { _ in outcome(.unknownSystemFailure) }, seven)
        XCTAssertEqual(outcome(nil), "asserted")
        XCTAssertEqual((0..<7).map { _ in outcome(.unknownSystemFailure) }, seven)
        // Which kind it is counts: two of the other say nothing.
        XCTAssertEqual((0..<2).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable"])
        XCTAssertEqual(outcome(.unknownSystemFailure), "lost")
        XCTAssertEqual(outcome(nil, anew: true), "attested")
        XCTAssertEqual(outcome(nil), "asserted")
        XCTAssertEqual(apple.made, 2)
    }

    /// Apple has phones for which it refuses every key.
    func testAPhoneWhoseKeysAreAllRefusedMakesOneADay() {
        for refusal in [DCError.Code.invalidKey, .unknownSystemFailure, .invalidInput] {
            XCTAssertNotEqual(outcome(refusal, anew: true), "attested")
        }
        XCTAssertEqual(apple.made, 4)
        time += 23 * 3600
        XCTAssertEqual((0..<20).map { _ in outcome(nil, anew: true) }, Array(repeating: "unavailable", count: 20))
        XCTAssertEqual(apple.made, 4)
        time += 3600
        XCTAssertEqual(outcome(.invalidKey, anew: true), "lost")
        XCTAssertEqual(outcome(.invalidKey, anew: true), "unavailable")
        XCTAssertEqual(apple.made, 5)
        // A clock that was wrong, or is.
        time -= 3600
        XCTAssertEqual(outcome(.serverUnavailable, anew: true), "unavailable")
        XCTAssertEqual(outcome(nil, anew: true), "attested", "the key that Apple could not be reached for")
        XCTAssertEqual(apple.made, 6)
        // Then it begins anew.
        for _ in 0..<3 { _ = outcome(.invalidKey, anew: true) }
        XCTAssertEqual(apple.made, 9)
    }

    func testNoOtherFailureEverCostsTheKey() {
        let rows: [(DCError.Code, String)] = [(.serverUnavailable, "unavailable"), (.featureUnsupported, "unsupported")]
        for (code, expected) in rows {
            XCTAssertEqual((0..<20).map { _ in outcome(code) }, Array(repeating: expected, count: 20), "\(code)")
            XCTAssertEqual(outcome(nil), "asserted", "\(code)")
        }
        XCTAssertEqual(apple.made, 1)
    }

    /// As a version before this one wrote it.
    func testARecordWithoutACountIsRead() throws {
        let record = try XCTUnwrap(
            JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("app-attest.json"))) as? [String: Any])
        XCTAssertEqual(Set(record.keys), ["keyId", "attested"])
        XCTAssertEqual(outcome(nil), "asserted")
    }
}
