import BonafideTesting
import Foundation
import Security
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The pin check with a real core and real chains. On Linux, what the system makes of a chain is played.
final class PinningDelegateTests: XCTestCase {
    private func protection(_ mode: String = "enforce", pins: [String]? = nil, host: String = "api.acme.com") async throws -> BonafideProtection {
        let entry: [String: Any] = ["host": host, "mode": mode, "pins": try pins ?? [Acme.pin("intermediate"), Vectors.nobodysPin]]
        return try await ConfigForge().protection(hosts: [entry], of: self)
    }

    private var task: URLSessionTask {
        URLSession.shared.dataTask(with: URL(string: "https://api.acme.com/x")!)
    }

    func testAGoodChainPassesAtBothLevels() async throws {
        let delegate = PinningDelegate(protection: try await protection())
        let challenge = try Challenges.server("api.acme.com")
        let (atSession, atTask) = (await delegate.answer(challenge), await delegate.answer(challenge, of: task))
        XCTAssertEqual(atSession, .systemDecides)
        XCTAssertEqual(atTask, .systemDecides)
    }

    func testAMismatchIsCancelledAtBothLevelsAndReported() async throws {
        let protection = try await protection(pins: [try Acme.pin("stray"), Vectors.nobodysPin])
        let heard = Locked([(PinMismatch, Bool)]())
        protection.addMismatchListener { mismatch, enforced in heard.with { $0.append((mismatch, enforced)) } }
        let delegate = PinningDelegate(protection: protection)
        let challenge = try Challenges.server("api.acme.com")
        let (atSession, atTask) = (await delegate.answer(challenge), await delegate.answer(challenge, of: task))
        XCTAssertEqual(atSession, .cancelled)
        XCTAssertEqual(atTask, .cancelled)
        let reports = heard.with { $0 }
        XCTAssertEqual(reports.count, 2)
        XCTAssertEqual(reports.first?.0.served, try ["leaf", "intermediate", "root"].map(Acme.pin))
        XCTAssertEqual(reports.first?.1, true)
    }

    func testAWebSocketsServerIsAskedForItsPinsToo() async throws {
        let (url, ends) = (URL(string: "wss://api.acme.com/x")!, Ends())
        let request = URLRequest(url: url)
        let protection = try await protection(pins: [try Acme.pin("stray"), Vectors.nobodysPin])
        let delegate = PinningDelegate(forwardingTo: ends, protection: protection)
        let (challenge, socket) = (try Challenges.server("api.acme.com"), URLSession.shared.webSocketTask(with: request))
        let answer = await delegate.answer(challenge, of: socket)
        XCTAssertEqual(answer, .cancelled)
        delegate.urlSession(.shared, task: socket, didCompleteWithError: URLError(.cancelled))
        XCTAssertEqual(ends.errors.now.last??.bonafide?.code, .pinMismatch)

        let relay = Locked(SessionRelay?.none)
        let sessions = InnerSessions(protection: protection, wait: 1, configuration: .default, delegate: nil, queue: nil)
        let handedOut = try sessions.make(for: url, { $0.webSocketTask(with: request) }, registered: { _, made in relay.with { $0 = made } })
        let refused = await relay.with { $0 }!.answer(challenge, of: handedOut)
        XCTAssertEqual(refused, .cancelled)
        let right = PinningDelegate(protection: try await self.protection())
        let passed = await right.answer(challenge, of: socket)
        XCTAssertEqual(passed, .systemDecides)
        for task in [socket, handedOut] { task.cancel() }
    }

    func testAStrayCertificateThatTheServerSendsCountsForNothing() async throws {
        let delegate = PinningDelegate(protection: try await protection(pins: [try Acme.pin("stray"), Vectors.nobodysPin]))
        let challenge = try Challenges.server("api.acme.com", besides: ["stray"])
        let answer = await delegate.answer(challenge)
        XCTAssertEqual(answer, .cancelled)
    }

    func testAChainThatTheSystemRefusesIsCancelledAlthoughItsPinsMatch() async throws {
        let wrongName = try Challenges.server("api.acme.com", leaf: "stranger")
        let untrusted = try Challenges.server("api.acme.com", trusted: false)
        let delegate = PinningDelegate(protection: try await protection())
        for challenge in [wrongName, untrusted, Challenges.serverWithoutCertificates("api.acme.com")] {
            let answer = await delegate.answer(challenge)
            XCTAssertEqual(answer, .cancelled)
        }
    }

    func testAWildcardHostIsPinned() async throws {
        let protection = try await protection(pins: [Vectors.nobodysPin, otherPin], host: "*.acme.com")
        let challenge = try Challenges.server("api.acme.com", leaf: "wildcard")
        let answer = await PinningDelegate(protection: protection).answer(challenge)
        XCTAssertEqual(answer, .cancelled)
        let right = PinningDelegate(protection: try await self.protection(host: "*.acme.com"))
        let passed = await right.answer(challenge)
        XCTAssertEqual(passed, .systemDecides)
    }

    func testReportOnlyGoesOnAndReports() async throws {
        let protection = try await protection("report", pins: [Vectors.nobodysPin, otherPin])
        let heard = Locked([Bool]())
        protection.addMismatchListener { _, enforced in heard.with { $0.append(enforced) } }
        let answer = await PinningDelegate(protection: protection)
            .answer(try Challenges.server("api.acme.com"))
        XCTAssertEqual(answer, .systemDecides)
        XCTAssertEqual(heard.now, [false])
    }

    func testAnUnpinnedHostIsTheAppsBusiness() async throws {
        let judge = Judge(.useCredential, user: "the app")
        let delegate = PinningDelegate(forwardingTo: judge, protection: try await protection())
        let answer = await delegate.answer(try Challenges.server("other.example", trusted: false))
        XCTAssertEqual(answer, ChallengeAnswer(disposition: .useCredential, user: "the app"))
    }

    func testAPasswordIsTheAppsBusiness() async throws {
        let judge = Judge(.useCredential, user: "alice")
        let protection = try await protection(pins: [Vectors.nobodysPin, otherPin])
        let delegate = PinningDelegate(forwardingTo: judge, protection: protection)
        let (atSession, atTask) = (
            await delegate.answer(Challenges.password("api.acme.com")),
            await delegate.answer(Challenges.password("api.acme.com"), of: task)
        )
        XCTAssertEqual(atSession.user, "alice")
        XCTAssertEqual(atTask.user, "alice")
        let alone = await PinningDelegate(protection: protection).answer(Challenges.password("api.acme.com"))
        XCTAssertEqual(alone, .systemDecides)
    }

    func testADelegateThatAcceptsEverythingIsNotAsked() async throws {
        let judge = Judge(.useCredential, user: "trust me")
        let delegate = PinningDelegate(
            forwardingTo: judge, protection: try await protection(pins: [Vectors.nobodysPin, otherPin]))
        let challenge = try Challenges.server("api.acme.com")
        let (atSession, atTask) = (await delegate.answer(challenge), await delegate.answer(challenge, of: task))
        XCTAssertEqual(atSession, .cancelled)
        XCTAssertEqual(atTask, .cancelled)
        XCTAssertEqual(judge.asked, 0)
    }

    func testADelegateMayRefuseWhatThePinsAllow() async throws {
        let judge = Judge(.cancelAuthenticationChallenge)
        let delegate = PinningDelegate(forwardingTo: judge, protection: try await protection())
        let answer = await delegate.answer(try Challenges.server("api.acme.com"))
        XCTAssertEqual(answer, .cancelled)
        XCTAssertEqual(judge.asked, 1)
    }

    /// The task's delegate of `data(for:delegate:)`: what removes pinning elsewhere.
    func testATasksDelegateCannotRemoveThePins() async throws {
        let judge = Judge(.useCredential, user: "trust me")
        let protection = try await protection(pins: [Vectors.nobodysPin, otherPin])
        let relay = SessionRelay(
            forwardingTo: nil, protection: protection, wait: 5, belongs: { _ in true }, onMove: { _, _ in }, onInvalid: { _, _, _ in })
        let task = task
        relay.run(task, by: Handler(.memory, binding: nil, delegate: judge))
        let answer = await relay.answer(try Challenges.server("api.acme.com"), of: task)
        XCTAssertEqual(answer, .cancelled)
        XCTAssertEqual(judge.asked, 0)
        XCTAssertNil(task.delegate, "the system would ask it in place of the relay")
    }

    func testWhatIsNotStartedRefuses() async throws {
        let delegate = PinningDelegate(protection: BonafideProtection(), wait: 0.05)
        let answer = await delegate.answer(try Challenges.server("api.acme.com"))
        XCTAssertEqual(answer, .cancelled)
    }

    func testANewerConfigIsAskedForOnceAndHeals() async throws {
        let protection = Healing(newPins: try Acme.chain())
        let delegate = PinningDelegate(protection: protection)
        let answer = await delegate.answer(try Challenges.server("api.acme.com"))
        XCTAssertEqual(answer, .systemDecides)
        XCTAssertEqual(protection.rechecks.now, 1)
        XCTAssertEqual(protection.fake.mismatches, [])

        let hopeless = Healing(newPins: [])
        let refused = await PinningDelegate(protection: hopeless)
            .answer(try Challenges.server("api.acme.com"))
        XCTAssertEqual(refused, .cancelled)
        XCTAssertEqual(hopeless.rechecks.now, 1)
        XCTAssertEqual(hopeless.fake.mismatches.count, 1)
    }

    func testTheDelegateHearsWhyATaskWasStopped() async throws {
        let ends = Ends()
        let delegate = PinningDelegate(
            forwardingTo: ends, protection: try await protection(pins: [Vectors.nobodysPin, otherPin]))
        let (first, second) = (task, task)
        let challenge = try Challenges.server("api.acme.com")
        _ = await delegate.answer(challenge, of: first)
        delegate.urlSession(.shared, task: first, didCompleteWithError: URLError(.cancelled))
        // A challenge of the session names no task: the host tells.
        _ = await delegate.answer(challenge)
        delegate.urlSession(.shared, task: second, didCompleteWithError: URLError(.cancelled))
        for error in ends.errors.now {
            XCTAssertEqual((error as? URLError)?.code, .serverCertificateUntrusted)
            XCTAssertEqual(error?.bonafide?.code, .pinMismatch)
            XCTAssertEqual(error?.bonafide?.statusClass, .untrustedChannel)
            XCTAssertEqual(error?.bonafide?.mismatch?.served.count, 3)
        }
        XCTAssertEqual(ends.errors.now.count, 2)
        // Another error stays what it is.
        delegate.urlSession(.shared, task: task, didCompleteWithError: URLError(.timedOut))
        XCTAssertEqual((ends.errors.now.last as? URLError)?.code, .timedOut)
    }

    func testACancellationAfterAPassedChallengeIsNotTakenForARefusal() async throws {
        let protection = Healing(newPins: [])
        let (ends, chain) = (Ends(), try Acme.chain())
        let delegate = PinningDelegate(forwardingTo: ends, protection: protection)
        _ = await delegate.answer(try Challenges.server("api.acme.com"))
        protection.fake.pin("api.acme.com", to: chain)
        _ = await delegate.answer(try Challenges.server("api.acme.com"))
        delegate.urlSession(.shared, task: task, didCompleteWithError: URLError(.cancelled))
        XCTAssertNil(ends.errors.now.last??.bonafide)
    }

    private let otherPin = "sha256/AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
}

/// Answers every challenge in one way.
private final class Judge: NSObject, URLSessionTaskDelegate {
    private let disposition: URLSession.AuthChallengeDisposition
    private let user: String?
    private let count = Locked(0)

    var asked: Int { count.now }

    init(_ disposition: URLSession.AuthChallengeDisposition, user: String? = nil) {
        (self.disposition, self.user) = (disposition, user)
    }

    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        count.with { $0 += 1 }
        completionHandler(disposition, user.map { URLCredential(user: $0, password: "", persistence: .none) })
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        urlSession(session, didReceive: challenge, completionHandler: completionHandler)
    }
}

private final class Ends: NSObject, URLSessionTaskDelegate {
    let errors = Locked([(any Error)?]())

    // Foundation on Linux gives a delegate without this one that never answers.
    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        completionHandler(.performDefaultHandling, nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        errors.with { $0.append(error) }
    }
}

/// Has other pins once a newer config was asked for.
private final class Healing: Protection {
    let fake = FakeProtection()
    let rechecks = Locked(0)
    private let newPins: [Data]

    init(newPins: [Data]) {
        self.newPins = newPins
        fake.intercept("api.acme.com")
    }

    var configRevision: UInt64 { fake.configRevision }
    func waitUntilStarted(within limit: TimeInterval) async throws {}
    func rules(for host: String) throws -> HostRules { try fake.rules(for: host) }
    func checkPins(host: String, chain: [Data]) -> PinVerdict { fake.checkPins(host: host, chain: chain) }
    func reportMismatch(_ mismatch: PinMismatch) { fake.reportMismatch(mismatch) }

    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict {
        rechecks.with { $0 += 1 }
        fake.pin(host, to: newPins)
        return fake.checkPins(host: host, chain: chain)
    }

    func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String] { [:] }
}
