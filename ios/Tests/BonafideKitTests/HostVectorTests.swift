import Foundation
import XCTest

@testable import BonafideKit

/// `tests/vectors/hosts.json` through facade, binding and core: a host is looked up as every other language does.
final class HostVectorTests: XCTestCase {
    private let pins = [Vectors.nobodysPin, "sha256/AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="]

    private func vectors() throws -> [String: Any] {
        try XCTUnwrap(try Vectors.json("hosts.json") as? [String: Any])
    }

    private func entry(_ host: String, mode: String = "enforce") -> [String: Any] {
        ["host": host, "mode": mode, "pins": pins]
    }

    func testHostsAreFoundHoweverTheyAreWritten() async throws {
        let rows = try XCTUnwrap(try vectors()["hosts"] as? [[String: Any]])
        XCTAssertEqual(rows.count, 10)
        let names = rows.compactMap { $0["host"] as? String }
        let protection = try await ConfigForge().protection(hosts: Set(names).sorted().map { entry($0) }, of: self)
        for row in rows {
            let text = try XCTUnwrap(row["text"] as? String)
            guard row["host"] is String else {
                // No host at all: not a rule is found for it, and no chain passes as its.
                XCTAssertFalse(((try? protection.rules(for: text))?.listed) ?? false, text)
                guard case .mismatch = protection.checkPins(host: text, chain: try Vectors.chain()) else {
                    XCTFail("\(text) passes")
                    continue
                }
                continue
            }
            XCTAssertTrue(try protection.rules(for: text).pinned, text)
            guard case .mismatch(let mismatch) = protection.checkPins(host: text, chain: try Vectors.chain()) else {
                XCTFail("\(text) is not pinned")
                continue
            }
            XCTAssertEqual(mismatch.expected.sorted(), pins.sorted(), text)
        }
        protection.close()
    }

    /// As in a URL, where one can be made of it.
    func testAURLsHostIsTheOneThatIsLookedUp() async throws {
        let rows = try XCTUnwrap(try vectors()["hosts"] as? [[String: Any]])
        let names = Set(rows.compactMap { $0["host"] as? String }).sorted()
        let protection = try await ConfigForge().protection(hosts: names.map { entry($0) }, of: self)
        for row in rows {
            guard row["host"] is String, let text = row["text"] as? String else { continue }
            let url = try XCTUnwrap(URL(string: "https://\(text):8443/x"), text)
            XCTAssertTrue(try protection.rules(for: Target(url).host).listed, text)
        }
        protection.close()
    }

    /// Each pattern enforces where it is the first that covers the host, and else is overruled.
    func testTheMostSpecificPatternRules() async throws {
        let rows = try XCTUnwrap(try vectors()["patterns"] as? [[String: Any]])
        XCTAssertEqual(rows.count, 6)
        let all = rows.flatMap { $0["patterns_most_specific_first"] as? [String] ?? [] }
        for row in rows {
            let host = try XCTUnwrap(row["host"] as? String)
            let order = try XCTUnwrap(row["patterns_most_specific_first"] as? [String])
            // With all, without the first, without the first two, …
            for gone in 0...order.count {
                let left = Array(order.dropFirst(gone))
                let others = Set(all).subtracting(order)
                let protection = try await ConfigForge().protection(
                    hosts: left.enumerated().map { entry($1, mode: $0 == 0 ? "enforce" : "report") } + others.sorted().map { entry($0, mode: "report") },
                    of: self)
                let rules = try protection.rules(for: host)
                XCTAssertEqual(rules.listed, !left.isEmpty, "\(host) with \(left)")
                XCTAssertEqual(rules.enforced, !left.isEmpty, "\(host) with \(left)")
                protection.close()
            }
        }
    }
}
