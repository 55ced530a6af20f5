#if os(Linux)
// Of Linux alone: App Attest answers on a phone only, for an app with its capability. Here a stand-in of
// DCAppAttestService does.
import DeviceCheck
import Foundation
import XCTest

@testable import BonafideKit

/// What of Apple's answers reaches the rules, which AppAttestTests test.
final class SystemAttestServiceTests: XCTestCase {
    private let service = SystemAttestService()

    override func tearDown() {
        DCAppAttestService.standIn = DCAppAttestService()
    }

    func testApplesAnswersArriveAsTheyAre() throws {
        DCAppAttestService.standIn = Answering()
        XCTAssertTrue(service.isSupported)
        XCTAssertEqual(try answer(service.generateKey), "key")
        XCTAssertEqual(try answer { service.attest("k", Data([1]), $0) }, Data("attestation of k".utf8) + [1])
        XCTAssertEqual(try answer { service.assert("k", Data([2]), $0) }, Data("assertion of k".utf8) + [2])
    }

    func testApplesErrorsArriveAsTheyAre() {
        XCTAssertFalse(service.isSupported)
        XCTAssertThrowsError(try answer(service.generateKey)) { XCTAssertEqual($0 as? DCError, DCError(.featureUnsupported)) }
        XCTAssertThrowsError(try answer { service.attest("k", Data(), $0) }) { XCTAssertTrue($0 is DCError) }
        XCTAssertThrowsError(try answer { service.assert("k", Data(), $0) }) { XCTAssertTrue($0 is DCError) }
    }

    func testNoAnswerAtAllIsAFailureToo() {
        DCAppAttestService.standIn = Silent()
        XCTAssertThrowsError(try answer(service.generateKey)) {
            guard case EvidenceError.unavailable = $0 else { return XCTFail("\($0)") }
        }
    }

    private func answer<Value: Sendable>(
        _ call: (@escaping @Sendable (Result<Value, any Error>) -> Void) -> Void
    ) throws -> Value {
        let answer = Locked(Result<Value, any Error>?.none)
        call { result in answer.with { $0 = result } }
        return try XCTUnwrap(answer.with { $0 }).get()
    }
}

private final class Answering: DCAppAttestService, @unchecked Sendable {
    override var isSupported: Bool { true }

    override func generateKey(completionHandler: @escaping @Sendable (String?, (any Error)?) -> Void) {
        completionHandler("key", nil)
    }

    override func attestKey(
        _ keyId: String, clientDataHash: Data, completionHandler: @escaping @Sendable (Data?, (any Error)?) -> Void
    ) {
        completionHandler(Data("attestation of \(keyId)".utf8) + clientDataHash, nil)
    }

    override func generateAssertion(
        _ keyId: String, clientDataHash: Data, completionHandler: @escaping @Sendable (Data?, (any Error)?) -> Void
    ) {
        completionHandler(Data("assertion of \(keyId)".utf8) + clientDataHash, nil)
    }
}

private final class Silent: DCAppAttestService, @unchecked Sendable {
    override func generateKey(completionHandler: @escaping @Sendable (String?, (any Error)?) -> Void) {
        completionHandler(nil, nil)
    }
}
#endif
