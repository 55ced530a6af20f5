import Foundation
import XCTest

/// Certificates of a day that scripts/swift/stage.py made for challenges, within the rules of Apple's systems: the leaves
/// `leaf` (of api.acme.com), `wildcard` (of *.acme.com) and `stranger` (of evil.example), all under `intermediate` and
/// `root`; and `stray`, which none of them knows.
enum Acme {
    struct Certificate: Decodable {
        /// In DER.
        let file: String
        /// `sha256/BASE64` of its key.
        let pin: String
        /// The hosts that it is for; none of an authority.
        let names: [String]
    }

    static func certificate(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: entry(name).file))
    }

    static func pin(_ name: String) throws -> String { try entry(name).pin }

    static func names(_ name: String) throws -> [String] { try entry(name).names }

    /// What a system builds that trusts the root.
    static func chain(_ leaf: String = "leaf") throws -> [Data] {
        try [leaf, "intermediate", "root"].map(certificate)
    }

    private static func entry(_ name: String) throws -> Certificate {
        try XCTUnwrap(try RealStage.open().certificates[name])
    }
}
