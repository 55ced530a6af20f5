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

    override func setUpWithError() throws {
        folder = try temporaryFolder()
        _ = try evidence(anew: true)
    }

    /// A new process each time, with the same storage.
    private func evidence(anew: Bool) throws -> AppAttestEvidence {
        try AppAttest(service: apple, folder: folder, patience: 5).evidence(boundHash: hash, anew: anew)
    }

    private func outcome(_ failure: DCError.Code?, anew: Bool = false) -> String {
        apple.failure = failure.map { DCError($0) }
        do {
            return try evidence(anew: anew).assertion == nil ? "attested" : "asserted"
        } catch {
            return "\(error)".components(separatedBy: "(")[0]
        }
    }

    func testTheThirdRefusalInARowLosesTheKey() throws {
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

    func testNoOtherFailureEverCostsTheKey() {
        let rows: [(DCError.Code, String)] = [
            (.serverUnavailable, "unavailable"), (.featureUnsupported, "unsupported"), (.unknownSystemFailure, "unavailable"),
        ]
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
