import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Start, end, waiting and errors. The engine is played, so that each is the test's to begin.
final class ProtectionTests: XCTestCase {
    private let url = URL(string: "https://api.acme.com/x")!
    private let settings = Fixture.settings

    private func started(_ engine: EngineDouble) async throws -> BonafideProtection { try await Fixture.started(engine) }

    func testStartReturnsAtOnceWorksOffTheMainThreadAndTwiceIsSafe() async throws {
        let starts = Locked([Bool]())
        let gate = DispatchSemaphore(value: 0)
        let protection = BonafideProtection(starter: { _, _ in
            starts.with { $0.append(Thread.isMainThread) }
            gate.wait()
            return EngineDouble()
        })
        let settings = settings
        for _ in 0..<3 { protection.start(timeout: 60) { settings } }
        XCTAssertEqual(protection.status.phase, .starting)
        await XCTAssertThrowsAsync({ try await protection.waitUntilStarted(within: 0.02) }) {
            XCTAssertEqual($0.bonafide?.code, .notStarted)
        }
        gate.signal()
        try await protection.waitUntilStarted(within: 60)
        protection.start(timeout: 60) { settings }
        XCTAssertEqual(starts.now, [false])
        XCTAssertEqual(protection.configRevision, 1)
    }

    func testWhatTheCoreTellsBeforeItsStartHasEndedKeepsNobodyFromWaiting() async throws {
        let (told, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let protection = BonafideProtection(starter: { _, events in
            events.onRevision(1)
            told.signal()
            gate.wait()
            return EngineDouble()
        })
        let settings = settings
        protection.start(timeout: 60) { settings }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                told.wait()
                continuation.resume()
            }
        }
        XCTAssertEqual(protection.configRevision, 0, "a request would not wait for the start, and fail")
        gate.signal()
        try await protection.waitUntilStarted(within: 60)
        XCTAssertEqual(protection.configRevision, 1)
    }

    func testWhatStoppedTheStartIsTheAnswerAndItMayBeTriedAgain() async throws {
        let fails = Locked(true)
        let protection = BonafideProtection(starter: { _, _ in
            if fails.now { throw BonafideError(.badInitialConfig, facts: ["reason": "torn"]) }
            return EngineDouble()
        })
        let settings = settings
        protection.start(timeout: 60) { settings }
        await XCTAssertThrowsAsync({ try await protection.token(for: self.url) }) {
            XCTAssertEqual($0.bonafide?.code, .badInitialConfig)
            XCTAssertEqual($0.bonafide?.facts, ["reason": "torn"])
        }
        XCTAssertEqual(protection.status.phase, .failed)
        XCTAssertEqual(protection.status.failure?.code, .badInitialConfig)
        fails.with { $0 = false }
        protection.start(timeout: 60) { settings }
        try await protection.waitUntilStarted(within: 60)
    }

    func testAnAppWithoutAConfigIsToldSoByStart() {
        let protection = BonafideProtection()
        XCTAssertThrowsError(try protection.start()) { XCTAssertEqual($0.bonafide?.code, .badInitialConfig) }
        var options = StartOptions()
        options.initialConfig = .data(Data())
        for name in ["", "../x", ".hidden", "a/b", String(repeating: "a", count: 65)] {
            options.name = name
            XCTAssertThrowsError(try protection.start(options)) { XCTAssertEqual($0.bonafide?.code, .unsupportedEnvironment) }
        }
    }

    func testAClosedProtectionRefuses() async throws {
        let engine = EngineDouble()
        let protection = try await started(engine)
        protection.close()
        protection.close()
        XCTAssertEqual(engine.stops.now, 1)
        await XCTAssertThrowsAsync({ try await protection.token(for: self.url) }) {
            XCTAssertEqual($0.bonafide?.code, .notStarted)
        }
        guard case .mismatch = protection.checkPins(host: "api.acme.com", chain: [Data("x".utf8)]) else {
            return XCTFail("a check passed after the end")
        }
        XCTAssertEqual(protection.status.phase, .closed)
    }

    func testCancellingAWaitEndsItAtOnce() async throws {
        let engine = EngineDouble()
        let protection = try await started(engine)
        engine.hold.with { $0 = true }
        let waiting = Task { [url] in try await protection.token(for: url) }
        while engine.asked.now.isEmpty { await Task.yield() }
        waiting.cancel()
        // It would wait for ever otherwise.
        await XCTAssertThrowsAsync({ try await waiting.value }) { XCTAssertTrue($0 is CancellationError, "\($0)") }
        let session = BonafideSession(protection: protection)
        let request = Task { [url] in try await session.data(from: url) }
        while engine.asked.now.count < 2 { await Task.yield() }
        session.invalidateAndCancel()
        await XCTAssertThrowsAsync({ try await request.value }) { XCTAssertEqual(($0 as? URLError)?.code, .cancelled) }
        engine.hold.with { $0 = false }
    }

    /// Nothing on a request's way needs the main thread, which may be busy, or wait for that very request.
    func testTokensNeedNoMainThread() {
        XCTAssertTrue(Thread.isMainThread)
        let (engine, ended, token, url) = (EngineDouble(), DispatchSemaphore(value: 0), Locked(String?.none), url)
        Task.detached {
            let protection = try? await Fixture.started(engine)
            let session = protection.map { RequestGuard(protection: $0, wait: 5) }
            let request = try? await session?.prepare(URLRequest(url: url), binding: nil)
            token.with { $0 = request?.value(forHTTPHeaderField: "Bonafide-Token") }
            ended.signal()
        }
        // The main thread itself: a deadlock, if it were needed. The limit only ends that.
        XCTAssertEqual(ended.wait(timeout: .now() + 30), .success)
        XCTAssertEqual(token.now, "t")
        XCTAssertEqual(engine.asked.now, ["api.acme.com"], "it was asked for on the main thread")
    }

    func testTheUserIsToldToTheEngineBeforeAndAfterTheStart() async throws {
        let engine = EngineDouble()
        let protection = BonafideProtection(starter: { _, _ in engine })
        for refused in ["", "with space", "a,b", "ü", String(repeating: "a", count: 129)] {
            XCTAssertThrowsError(try protection.setUserProperty(refused)) { XCTAssertNotNil($0.bonafide) }
        }
        try protection.setUserProperty("u1")
        let settings = settings
        protection.start(timeout: 60) { settings }
        try await protection.waitUntilStarted(within: 60)
        try protection.setUserProperty(nil)
        XCTAssertEqual(engine.asked.now, ["user u1", "user nil"])
        XCTAssertNil(protection.userProperty)
    }

    func testStatusUpdatesEndWithTheProtection() async throws {
        let protection = try await started(EngineDouble())
        var phases = [ProtectionStatus.Phase]()
        for await status in protection.statusUpdates {
            phases.append(status.phase)
            protection.close()
        }
        XCTAssertEqual(phases.first, .running)
        XCTAssertEqual(phases.last, .closed)
    }

    func testHostsAreFoundAsTheClientFindsThem() throws {
        let found: [(String, String, Bool)] = [
            ("https://api.acme.com/x", "api.acme.com", false), ("HTTPS://u:p@api.acme.com:8443/x?y#z", "api.acme.com", false),
            ("wss://api.acme.com", "api.acme.com", false), ("ws://api.acme.com", "api.acme.com", true),
            ("http://api.acme.com", "api.acme.com", true), ("https://[2001:db8::1]:1/x", "2001:db8::1", false),
            ("https://evil.example@api.acme.com/", "api.acme.com", false),
            // A device on the local link: the zone says which link, and is no part of the address.
            ("https://[fe80::1%25en0]/x", "fe80::1", false), ("http://[fe80::1%25en0]:8080/x", "fe80::1", true),
        ]
        for (text, host, cleartext) in found {
            let target = try Target(URL(string: text))
            XCTAssertEqual(target.host, host, text)
            XCTAssertEqual(target.cleartext, cleartext, text)
        }
        for text in ["ftp://api.acme.com", "/x", "https:///x", "file:///etc/passwd", "https://api%2eacme.com/", "https://a%00b/", "data:,x", "https://[%25en0]/", "https://[fe80::1%25]/", "https://[fe80::1%25e%2fn]/"] {
            XCTAssertThrowsError(try Target(URL(string: text)), text) { XCTAssertEqual($0.bonafide?.code, .hostNotInConfig) }
        }
    }

    func testErrorsAreURLErrorsOfTheNetworksKind() {
        for code in StatusCode.allCases {
            let error: any Error = BonafideError(code, facts: ["host": "api.acme.com"]).asURLError(for: url)
            XCTAssertTrue(error is URLError)
            XCTAssertEqual(error.bonafide?.code, code)
            XCTAssertEqual((error as NSError).domain, NSURLErrorDomain)
            XCTAssertTrue("\(error.bonafide!)".contains("(\(code.rawValue))"))
            XCTAssertFalse("\(error.bonafide!.nextStep)".contains("HOST"), code.rawValue)
        }
        XCTAssertNil((URLError(.cancelled) as any Error).bonafide)
    }

    func testAMismatchEndsWithTheCommandToRun() {
        let error = BonafideError(mismatch: PinMismatch(host: "api.acme.com", expected: ["sha256/e"], served: ["sha256/s"]))
        XCTAssertTrue(error.description.contains("sha256/e") && error.description.contains("sha256/s"))
        XCTAssertTrue(error.description.hasSuffix("bonafide api check api.acme.com"))
    }

    func testAnExtensionIsItsApp() throws {
        let app = try temporaryFolder().appendingPathComponent("Acme.app")
        let share = app.appendingPathComponent("PlugIns/Share.appex")
        try FileManager.default.createDirectory(at: share, withIntermediateDirectories: true)
        for (folder, id, executable) in [(app, "com.acme.app", "Acme"), (share, "com.acme.app.share", "Share")] {
            let info = [
                "CFBundleIdentifier": id, "CFBundleShortVersionString": "1.2", "CFBundleVersion": "7",
                "CFBundleExecutable": executable,
            ]
            let file = folder.appendingPathComponent(executable)
            try Data().write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
            try PropertyListSerialization.data(fromPropertyList: info, format: .xml, options: 0)
                .write(to: folder.appendingPathComponent("Info.plist"))
        }
        let facts = AppFacts(of: try XCTUnwrap(Bundle(url: share)))
        XCTAssertTrue(facts.isExtension)
        XCTAssertEqual([facts.id, facts.version, facts.build], ["com.acme.app", "1.2", "7"])
        XCTAssertEqual(facts.executable?.lastPathComponent, "Share", "what runs, and what the sandbox lets it read")
        XCTAssertThrowsError(try facts.configFile()) { XCTAssertEqual($0.bonafide?.code, .badInitialConfig) }
        try Data("config".utf8).write(to: app.appendingPathComponent("bonafide.config"))
        XCTAssertEqual(try Data(contentsOf: facts.configFile()), Data("config".utf8))
        XCTAssertFalse(AppFacts(of: try XCTUnwrap(Bundle(url: app))).isExtension)
    }

    func testStorageHasANameOfItsOwn() throws {
        var options = StartOptions()
        options.name = "second"
        let folder = try StorageFolder(options: options, app: "com.acme.app").url
        XCTAssertTrue(folder.path.hasSuffix("io.bonafide/com.acme.app/second"), folder.path)
        options.storage = try temporaryFolder().appendingPathComponent("storage")
        let made = try StorageFolder(options: options, app: "com.acme.app").make()
        XCTAssertTrue(made.isUnlocked)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: made.url.path), [])
        options.storage = nil
        options.appGroup = "group.none"
        XCTAssertThrowsError(try StorageFolder(options: options, app: "com.acme.app")) { XCTAssertEqual($0.bonafide?.code, .unsupportedEnvironment) }
    }
}

private enum Fixture {
    static let settings = Settings(
        initialConfig: Data(), storage: URL(fileURLWithPath: "/nowhere"), platform: .linux, appId: "", appVersion: "",
        appBuild: "", artifacts: [], developmentKey: nil, requestTimeout: 1, logLevel: .off, installKey: nil, evidence: nil,
        connectivity: nil)

    static func started(_ engine: EngineDouble) async throws -> BonafideProtection {
        let protection = BonafideProtection(starter: { _, _ in engine })
        protection.start(timeout: 60) { settings }
        try await protection.waitUntilStarted(within: 60)
        return protection
    }
}
