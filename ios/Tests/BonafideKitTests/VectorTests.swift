import Foundation
import XCTest

@testable import BonafideKit

/// The frozen vectors of all languages, through facade, binding and core.
final class VectorTests: XCTestCase {
    func testTheStatusTableIsTheServicesAndTheCores() throws {
        let rows = try XCTUnwrap(try Vectors.json("statuses.json") as? [[String: Any]])
        XCTAssertEqual(rows.compactMap { $0["code"] as? String }, StatusCode.allCases.map(\.rawValue))
        for (row, status) in zip(rows, StatusCode.allCases) {
            XCTAssertEqual(row["class"] as? String, status.statusClass.rawValue, status.rawValue)
            XCTAssertEqual(row["http"] as? Int, status.http, status.rawValue)
            XCTAssertEqual(row["message"] as? String, status.message, status.rawValue)
            XCTAssertEqual(row["next_step"] as? String, status.nextStep, status.rawValue)
            XCTAssertEqual(row["retry_helps"] as? Bool, status.retryHelps, status.rawValue)
        }
    }

    func testPinVerdicts() async throws {
        let cases = try XCTUnwrap((try Vectors.json("pin-verdicts.json") as? [String: Any])?["cases"] as? [[String: Any]])
        XCTAssertEqual(cases.count, 14)
        for row in cases {
            let name = try XCTUnwrap(row["name"] as? String)
            let pins = try XCTUnwrap(row["pins"] as? [String])
            let mode = try XCTUnwrap(row["mode"] as? String)
            let host = try XCTUnwrap(row["host"] as? String)
            // A config has at least two pins for a host.
            let entry: [String: Any] = ["host": "api.acme.com", "mode": mode, "pins": Array(Set(pins + [Vectors.nobodysPin, otherPin]))]
            let protection = try await ConfigForge().protection(hosts: [entry], of: self)
            let chain = try self.chain(name)
            XCTAssertEqual(chain.count, row["chain_length"] as? Int, name)
            let verdict = protection.checkPins(host: host, chain: chain)
            XCTAssertEqual(Self.name(of: verdict), row["verdict"] as? String, name)
            protection.close()
        }
    }

    private let otherPin = "sha256/AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

    private func chain(_ name: String) throws -> [Data] {
        let leaf = try Vectors.certificate("leaf")
        return switch name {
        case "an empty chain": []
        case "a chain that is not DER": [leaf, Data("no DER".utf8)]
        case "100 certificates": Array(repeating: leaf, count: 100)
        case "the same certificate twice": [leaf, leaf]
        case "a huge certificate": [leaf, Data(repeating: 0x30, count: 1_000_000)]
        default: try Vectors.chain()
        }
    }

    private static func name(of verdict: PinVerdict) -> String {
        switch verdict {
        case .pinned: "pinned"
        case .unpinned: "unpinned"
        case .reportOnly: "report_only"
        case .mismatch: "mismatch"
        }
    }
}
