import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A chain that the system does not build to a root that it trusts, as of a private authority, or behind an interceptor
/// whose root the phone does not know. Whoever watches reports before enforcing has to see it.
final class UntrustedChainTests: XCTestCase {
    private func hears(
        _ mode: String, pins: [String]? = nil, _ answers: ChallengeAnswer, _ challenge: (String) throws -> URLAuthenticationChallenge
    ) async throws -> (PinMismatch, Bool)? {
        let pins = try pins ?? [Acme.pin("intermediate"), Vectors.nobodysPin]
        let protection = try await ConfigForge().protection(
            hosts: [["host": "api.acme.com", "mode": mode, "pins": pins]], of: self)
        let heard = Locked([(PinMismatch, Bool)]())
        protection.addMismatchListener { mismatch, enforced in heard.with { $0.append((mismatch, enforced)) } }
        let answer = await PinningDelegate(protection: protection).answer(try challenge("api.acme.com"))
        XCTAssertEqual(answer, answers)
        XCTAssertEqual(heard.with { $0.count }, 1)
        return heard.with { $0.first }
    }

    func testItIsReportedInBothModes() async throws {
        for (mode, answer, enforced) in [("report", ChallengeAnswer.systemDecides, false), ("enforce", .cancelled, true)] {
            let heard = try await hears(mode, answer) { try Challenges.server($0, trusted: false) }
            XCTAssertEqual(heard?.1, enforced, mode)
            XCTAssertEqual(heard?.0.host, "api.acme.com")
            XCTAssertTrue(heard?.0.reason?.contains("does not trust the server") == true, "\(heard?.0.reason ?? "nil")")
        }
    }

    /// What the server sent tells a private authority from an interception.
    func testItSaysWhatTheServerSent() async throws {
        let pins = [try Acme.pin("stray"), Vectors.nobodysPin]
        let heard = try await hears("report", pins: pins, .systemDecides) { try Challenges.server($0, trusted: false) }
        XCTAssertEqual(heard?.0.served.first, try Acme.pin("leaf"))
        XCTAssertEqual(heard?.0.expected.sorted(), pins.sorted())
        let right = try await hears("report", .systemDecides) { try Challenges.server($0, trusted: false) }
        XCTAssertEqual(right?.0.served, [try Acme.pin("intermediate")])
    }

    func testAnotherHostsCertificateAndNoneAtAllAreReportedToo() async throws {
        _ = try await hears("report", .systemDecides) { try Challenges.server($0, leaf: "stranger") }
        let nothing = try await hears("enforce", .cancelled) { Challenges.serverWithoutCertificates($0) }
        XCTAssertEqual(nothing?.0.served, [])
        XCTAssertEqual(nothing?.0.expected.count, 2)
    }
}
