import DeviceCheck
import Foundation
import XCTest

@testable import BonafideKit

/// App Attest's rules, over a service whose answers are the test's.
final class AppAttestTests: XCTestCase {
    private let apple = AttestDouble()
    private var folder = URL(fileURLWithPath: "/")
    private let hash = Data(repeating: 7, count: 32)

    override func setUpWithError() throws {
        folder = try temporaryFolder()
    }

    /// A new process each time, with the same storage.
    private func attest(patience: TimeInterval = 60) -> AppAttest {
        AppAttest(service: apple, folder: folder, patience: patience)
    }

    func testAKeyIsMadeOnceAttestedAndThenAsserts() throws {
        let first = try attest().evidence(boundHash: hash, anew: true)
        XCTAssertEqual(first.keyId, Data(repeating: 1, count: 32))
        XCTAssertEqual(first.attestation, Data("attestation".utf8))
        XCTAssertNil(first.assertion)
        let second = try attest().evidence(boundHash: hash, anew: false)
        XCTAssertEqual(second.keyId, first.keyId)
        XCTAssertEqual(second.assertion, Data("assertion".utf8))
        XCTAssertNil(second.attestation)
        XCTAssertEqual(apple.calls, ["generate", "attest 1", "assert 1"])
        XCTAssertEqual(apple.hashes, [hash, hash])
    }

    func testAKeyThatAppleDoesNotKnowAnyMoreIsLostAndANewOneIsMade() throws {
        _ = try attest().evidence(boundHash: hash, anew: true)
        apple.failure = DCError(.invalidKey)
        XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: false)) { XCTAssertTrue(isLost($0), "\($0)") }
        apple.failure = nil
        // The core asks at once, anew.
        let next = try attest().evidence(boundHash: hash, anew: true)
        XCTAssertEqual(next.keyId, Data(repeating: 2, count: 32))
    }

    func testAfterARestoreThereIsNoKeyAndOneIsMade() throws {
        XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: false)) { XCTAssertTrue(isLost($0), "\($0)") }
        XCTAssertEqual(apple.calls, [])
        try Data("torn".utf8).write(to: folder.appendingPathComponent("app-attest.json"))
        XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: false)) { XCTAssertTrue(isLost($0), "\($0)") }
        XCTAssertNotNil(try attest().evidence(boundHash: hash, anew: true).attestation)
    }

    func testWhileAppleIsAwayTheSameKeyWaits() throws {
        apple.failure = DCError(.serverUnavailable)
        for _ in 0..<3 {
            XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: true)) {
                guard case EvidenceError.unavailable = $0 else { return XCTFail("\($0)") }
            }
        }
        apple.failure = nil
        XCTAssertEqual(try attest().evidence(boundHash: hash, anew: true).keyId, Data(repeating: 1, count: 32))
        XCTAssertEqual(apple.calls.filter { $0 == "generate" }.count, 1)
    }

    func testAnUnattestedKeyThatIsGoneIsReplacedAtOnce() throws {
        apple.failure = DCError(.serverUnavailable)
        XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: true))
        apple.failure = nil
        apple.gone = [1]
        XCTAssertEqual(try attest().evidence(boundHash: hash, anew: true).keyId, Data(repeating: 2, count: 32))
    }

    /// Apple's documentation of `attestKey`: after any error but `serverUnavailable`, the key is to be discarded.
    func testAKeyThatAppleRefusesToAttestIsNotTriedForEver() throws {
        for failure in [DCError(.unknownSystemFailure), DCError(.invalidInput)] {
            apple.failure = failure
            XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: true)) {
                guard case EvidenceError.unavailable = $0 else { return XCTFail("\($0)") }
            }
        }
        apple.failure = nil
        XCTAssertNotNil(try attest().evidence(boundHash: hash, anew: true).attestation)
        XCTAssertEqual(apple.calls, ["generate", "attest 1", "generate", "attest 2", "generate", "attest 3"])
    }

    func testFailuresAreWhatTheCoreMakesOfThem() throws {
        _ = try attest().evidence(boundHash: hash, anew: true)
        let rows: [(any Error, String)] = [
            (DCError(.serverUnavailable), "unavailable"), (DCError(.unknownSystemFailure), "unavailable"),
            (DCError(.invalidInput), "unavailable"), (DCError(.featureUnsupported), "unsupported"), (Strange(), "unavailable"),
        ]
        for (failure, expected) in rows {
            apple.failure = failure
            XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: false)) {
                XCTAssertTrue("\($0)".hasPrefix("\(expected)("), "\(failure): \($0)")
            }
        }
        apple.failure = nil
        XCTAssertNotNil(try attest().evidence(boundHash: hash, anew: false).assertion, "the key was given up")
        apple.answers = false
        XCTAssertThrowsError(try attest(patience: 0.2).evidence(boundHash: hash, anew: false)) {
            guard case EvidenceError.unavailable = $0 else { return XCTFail("\($0)") }
        }
    }

    func testADeviceWithoutItIsNotAsked() {
        apple.supported = false
        XCTAssertThrowsError(try attest().evidence(boundHash: hash, anew: true)) {
            guard case EvidenceError.unsupported = $0 else { return XCTFail("\($0)") }
        }
        XCTAssertEqual(apple.calls, [])
    }

    private func isLost(_ error: any Error) -> Bool {
        if case EvidenceError.lost = error { true } else { false }
    }
}

private struct Strange: Error {}
