import DeviceCheck
import Foundation
import XCTest

@testable import BonafideKit

/// A key whose assertions Apple refuses as invalid input, and what the core is told: not "later" for ever, and no new key
/// each time.
final class AppAttestRefusalTests: XCTestCase {
    private let apple = Refusing()
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
        apple.failure.with { $0 = failure }
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
        XCTAssertEqual(apple.made.now, 2)
    }

    func testASuccessBeginsTheCountAnewAndOtherFailuresCountForNothing() {
        XCTAssertEqual((0..<2).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable"])
        XCTAssertEqual(outcome(nil), "asserted")
        XCTAssertEqual((0..<2).map { _ in outcome(.invalidInput) }, ["unavailable", "unavailable"])
        for other in [DCError.Code.serverUnavailable, .unknownSystemFailure, .serverUnavailable] {
            XCTAssertEqual(outcome(other), "unavailable")
        }
        XCTAssertEqual(outcome(.invalidInput), "lost")
        XCTAssertEqual(apple.made.now, 1)
    }

    /// As a version before this one wrote it.
    func testARecordWithoutACountIsRead() throws {
        let record = try XCTUnwrap(
            JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("app-attest.json"))) as? [String: Any])
        XCTAssertEqual(Set(record.keys), ["keyId", "attested"])
        XCTAssertEqual(outcome(nil), "asserted")
    }
}

/// Apple's service, which refuses when it is told to. One test at a time.
private final class Refusing: AttestService {
    let failure = Locked(DCError.Code?.none)
    let made = Locked(UInt8(0))

    var isSupported: Bool { true }

    func generateKey(_ done: @escaping @Sendable (Result<String, any Error>) -> Void) {
        let number = made.with { made in
            made += 1
            return made
        }
        done(.success(Data(repeating: number, count: 32).base64EncodedString()))
    }

    func attest(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        done(.success(Data("attestation".utf8)))
    }

    func assert(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        if let code = failure.now { done(.failure(DCError(code))) } else { done(.success(Data("assertion".utf8))) }
    }
}
