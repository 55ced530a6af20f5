import Foundation
import XCTest

#if canImport(CryptoKit)
    import CryptoKit
#endif

@testable import BonafideKit

/// Signs configs with the vectors' own config key, so that a real core runs with whatever pins a test wants.
struct ConfigForge {
    private let root: String
    private let header: String
    private let payload: [String: Any]
    private let key: Data

    init() throws {
        let documents = try Vectors.json("documents.json") as? [String: Any] ?? [:]
        let initial = try XCTUnwrap((documents["initial"] as? String)?.data(using: .utf8))
        let file = try XCTUnwrap(try JSONSerialization.jsonObject(with: initial) as? [String: Any])
        root = try XCTUnwrap((file["roots"] as? [String])?.first)
        let parts = try XCTUnwrap(file["config"] as? String).split(separator: ".").map(String.init)
        header = parts[0]
        payload = try XCTUnwrap(try JSONSerialization.jsonObject(with: Self.decoded(parts[1])) as? [String: Any])
        let keys = try XCTUnwrap(documents["keys"] as? [String: [String: String]])
        key = Self.decoded(try XCTUnwrap(keys["config_1"]?["d"]))
    }

    /// - Parameter hosts: as a config has them; what is left out is as the protocol says.
    func config(hosts: [[String: Any]]) throws -> Data {
        var payload = payload
        payload["hosts"] = hosts
        // Nobody listens there, so that a refresh fails at once.
        var service = payload["service"] as? [String: Any] ?? [:]
        service["url"] = "https://127.0.0.1:1"
        payload["service"] = service
        let body = try JSONSerialization.data(withJSONObject: payload, options: .withoutEscapingSlashes)
        let signed = header + "." + Self.encoded(body)
        let signature = try sign(Data(signed.utf8))
        let file: [String: Any] = ["roots": [root], "config": signed + "." + Self.encoded(signature)]
        return try JSONSerialization.data(withJSONObject: file)
    }

    /// A real core under a config with these hosts; it ends with `test`.
    func protection(hosts: [[String: Any]], of test: XCTestCase) async throws -> BonafideProtection {
        let protection = BonafideProtection()
        let config = try config(hosts: hosts)
        let storage = try test.temporaryFolder()
        // The last block is called first: what still runs would make its folder anew.
        test.addTeardownBlock { protection.close() }
        protection.start(timeout: 60) {
            Settings(
                initialConfig: config, storage: storage, platform: .linux, appId: "com.acme.app", appVersion: "1",
                appBuild: "", artifacts: [], developmentKey: nil, requestTimeout: 60, logLevel: .off, installKey: nil,
                evidence: nil, connectivity: nil)
        }
        try await protection.waitUntilStarted(within: 60)
        return protection
    }

    #if canImport(CryptoKit)
        private func sign(_ message: Data) throws -> Data {
            try Curve25519.Signing.PrivateKey(rawRepresentation: key).signature(for: message)
        }
    #else
        private func sign(_ message: Data) throws -> Data {
            // RFC 8410 section 7: what stands before an Ed25519 key.
            let prefix = Data([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20])
            return try openssl(
                ["pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", "KEY", "-in", "INPUT"],
                files: ["KEY": prefix + key, "INPUT": message])
        }
    #endif

    private static func decoded(_ text: String) -> Data {
        let base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        return Data(base64Encoded: base64.padding(toLength: (base64.count + 3) / 4 * 4, withPad: "=", startingAt: 0)) ?? Data()
    }

    private static func encoded(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}

#if os(Linux)
/// What OpenSSL's command answers; arguments that name one of `files` become that file's path.
func openssl(_ arguments: [String], files: [String: Data]) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, content) in files { try content.write(to: folder.appendingPathComponent(name)) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments.map { files[$0] == nil ? $0 : folder.appendingPathComponent($0).path }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0, "openssl \(arguments)")
    return answer
}
#endif
