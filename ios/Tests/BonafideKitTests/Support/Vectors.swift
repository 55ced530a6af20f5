import Foundation

/// What `tests/vectors` holds for all languages.
enum Vectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../tests/vectors").standardizedFileURL

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(name))
    }

    static func json(_ name: String) throws -> Any {
        try JSONSerialization.jsonObject(with: data(name))
    }

    /// A real certificate in DER: `leaf` (of api.acme.com), `intermediate`, `root`, or `stray`, which none of them knows.
    static func certificate(_ name: String) throws -> Data {
        try data("chain/\(name).der")
    }

    static func chain() throws -> [Data] {
        try ["leaf", "intermediate", "root"].map(certificate)
    }

    static func pin(_ name: String) throws -> String {
        let pins = (try json("pin-verdicts.json") as? [String: Any])?["pins_of"] as? [String: String]
        return pins?[name] ?? ""
    }

    /// A pin that nobody's key has.
    static let nobodysPin = "sha256/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
}
