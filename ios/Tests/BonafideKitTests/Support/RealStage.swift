import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The real service and servers that scripts/swift/stage.py started.
struct RealStage: Decodable {
    let app: String
    let version: String
    let config: String
    let folder: String
    /// The demo's login API, which lets nobody in without a token.
    let api: URL
    /// A server of the same host, which says what it was sent.
    let echo: URL
    /// A host that the config does not name.
    let other: URL
    /// The chain of `api` and `echo`, in DER, leaf first.
    let chain: [String]

    var certificates: [Data] {
        get throws { try chain.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } }
    }

    /// - Throws: ``NoStage`` where the tests run without one: none is skipped without a word.
    static func open() throws -> RealStage {
        guard let file = ProcessInfo.processInfo.environment["BONAFIDE_STAGE"] else {
            throw NoStage()
        }
        return try JSONDecoder().decode(RealStage.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    func settings(installKey: (any InstallKey)? = nil) throws -> Settings {
        Settings(
            initialConfig: try Data(contentsOf: URL(fileURLWithPath: config)),
            storage: URL(fileURLWithPath: folder).appendingPathComponent("storage-\(UUID().uuidString)"),
            platform: .linux, appId: app, appVersion: version, appBuild: "",
            artifacts: [URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()],
            developmentKey: nil, requestTimeout: 10, logLevel: .warn, installKey: installKey, evidence: nil, connectivity: nil)
    }

    /// A protection that runs, with a storage of its own.
    func protection(installKey: (any InstallKey)? = nil) async throws -> BonafideProtection {
        let protection = BonafideProtection()
        let settings = try settings(installKey: installKey)
        protection.start(timeout: 10) { settings }
        try await protection.waitUntilStarted(within: 10)
        return protection
    }
}

/// What scripts/swift/echo_server.py answers.
struct Echo: Decodable {
    let path: String
    let headers: [String: String]
    let body: String?
    let gone: Bool?

    init(_ data: Data) throws {
        self = try JSONDecoder().decode(Echo.self, from: data)
    }

    /// Case does not matter.
    func header(_ name: String) -> String? {
        headers.first { $0.key.lowercased() == name.lowercased() }?.value
    }
}

func XCTAssertThrowsAsync<Value>(
    _ call: () async throws -> Value, file: StaticString = #filePath, line: UInt = #line, _ check: (any Error) -> Void
) async {
    do {
        _ = try await call()
        XCTFail("did not throw", file: file, line: line)
    } catch {
        check(error)
    }
}

struct NoStage: Error, CustomStringConvertible {
    let description = "There are no servers to test with: run scripts/test-swift, which starts them."
}
