import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The real service and servers that scripts/swift/stage.py started, on Linux by scripts/test-swift, on a Mac by
/// scripts/test-simulator: what they write is a simulator's to read, and their `localhost` is its own.
struct RealStage: Decodable {
    let app: String
    let version: String
    let config: String
    let folder: String
    /// The demo's login API, which lets nobody in without a token.
    let api: URL
    /// The same for developers' builds, which lets in nobody else.
    let developmentApi: URL
    let developmentKey: String
    /// A server of the same host, which says what it was sent.
    let echo: URL
    /// A host that the config does not name, which says what it was sent.
    let other: URL
    /// The chain of `api`, `developmentApi` and `echo`: files in DER, leaf first.
    let chain: [String]
    /// The chain of `other`.
    let otherChain: [String]
    /// What ``Acme`` has.
    let certificates: [String: Acme.Certificate]

    /// The bytes of a chain.
    static func certificates(_ chain: [String]) throws -> [Data] {
        try chain.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    }

    /// Where such a build as these tests are gets in with a token, and not without.
    var login: URL { Self.isDevelopment ? developmentApi : api }

    /// - Throws: ``NoStage`` where the tests run without one: none is skipped without a word.
    static func open() throws -> RealStage {
        guard let file = ProcessInfo.processInfo.environment["BONAFIDE_STAGE"] else {
            throw NoStage()
        }
        return try JSONDecoder().decode(RealStage.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    #if os(Linux)
        /// The test bundle is registered as the app.
        static let isDevelopment = false
    #else
        /// What runs in a simulator is no package that could be registered.
        static let isDevelopment = true
    #endif

    /// - Parameter development: as a developer's build of an iPhone's app, which nothing vouches for but its key.
    func settings(installKey: (any InstallKey)? = nil, development: Bool = isDevelopment) throws -> Settings {
        Settings(
            initialConfig: try Data(contentsOf: URL(fileURLWithPath: config)),
            storage: URL(fileURLWithPath: folder).appendingPathComponent("storage-\(UUID().uuidString)"),
            platform: development ? .ios : .linux, appId: app, appVersion: version, appBuild: "",
            artifacts: [URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()],
            developmentKey: development ? developmentKey : nil, requestTimeout: 60, logLevel: .warn, installKey: installKey,
            evidence: nil, connectivity: nil)
    }

    /// A protection that runs, with a storage of its own.
    func protection(
        installKey: (any InstallKey)? = nil, development: Bool = isDevelopment
    ) async throws -> BonafideProtection {
        let protection = BonafideProtection()
        let settings = try settings(installKey: installKey, development: development)
        protection.start(timeout: 60) { settings }
        try await protection.waitUntilStarted(within: 60)
        return protection
    }
}

/// What scripts/swift/echo_server.py answers.
struct Echo: Decodable {
    let path: String
    let headers: [String: String]
    let body: String?
    /// Whether what was waited for has come.
    let came: Bool?

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
    let description = "There are no servers to test with: scripts/test-swift starts them, on a Mac scripts/test-simulator."
}
