import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Which bindings are let go first.
final class TokenInUseTests: XCTestCase {
    /// The core gives the same token again while it lives.
    func testATokenThatIsUsedAgainIsNew() {
        let bindings = TokenBindings()
        bindings.keep(Data("order".utf8), of: "in use")
        for number in 0..<TokenBindings.most {
            bindings.keep(Data("order".utf8), of: "in use")
            bindings.keep(Data("\(number)".utf8), of: "token \(number)")
        }
        var request = URLRequest(url: URL(string: "https://api.acme.com/")!)
        request.setValue("in use", forHTTPHeaderField: "Bonafide-Token")
        XCTAssertEqual(bindings.binding(of: request), Data("order".utf8))
    }
}

/// A binding may be a user's own secret: it does not outlive what it is for.
final class TokenLifeTests: XCTestCase {
    private let seconds = Locked(TimeInterval(0))
    private let alarms = Locked([@Sendable () -> Void]())

    private func bindings() -> TokenBindings {
        TokenBindings(now: { [seconds] in seconds.now }, later: { [alarms] _, alarm in alarms.with { $0.append(alarm) } })
    }

    /// Time passes, and what was to be called by then is.
    private func passes(_ time: TimeInterval) {
        seconds.with { $0 += time }
        let due = alarms.with { alarms in
            defer { alarms = [] }
            return alarms
        }
        for alarm in due { alarm() }
    }

    private func request(_ token: String) -> URLRequest {
        var request = URLRequest(url: URL(string: "https://api.acme.com/")!)
        request.setValue(token, forHTTPHeaderField: "Bonafide-Token")
        return request
    }

    func testABindingThatNobodyUsesIsGoneInTime() {
        let bindings = bindings()
        bindings.keep(Data("alice".utf8), of: "t1")
        passes(TokenBindings.life - 1)
        XCTAssertEqual(bindings.binding(of: request("t1")), Data("alice".utf8))
        bindings.keep(Data("bob".utf8), of: "t2")
        seconds.with { $0 += 1 }
        XCTAssertNil(bindings.binding(of: request("t1")))
        XCTAssertEqual(bindings.binding(of: request("t2")), Data("bob".utf8))
        passes(0)
        XCTAssertEqual(bindings.count, 1, "it is not given any more, and still in memory")
        passes(TokenBindings.life)
        XCTAssertEqual(bindings.count, 0)
        passes(TokenBindings.life)
        XCTAssertEqual(alarms.with { $0.count }, 0, "an alarm for nothing")
        bindings.keep(Data("alice".utf8), of: "t3")
        XCTAssertEqual(alarms.with { $0.count }, 1)
    }

    func testATaskThatIsUnderWayKeepsItsBindingHoweverLongItTakes() {
        let bindings = bindings()
        var task: RecordedTask? = RecordedTask(request("t1"))
        bindings.keep(Data("alice".utf8), of: "t1")
        bindings.hold(for: task!)
        for _ in 0..<10 { passes(TokenBindings.life) }
        XCTAssertEqual(bindings.binding(of: task!), Data("alice".utf8))
        XCTAssertNil(bindings.binding(of: RecordedTask(request("t1"))))
        task = nil
        passes(TokenBindings.life)
        XCTAssertEqual(bindings.count, 0, "a task is gone, and its binding is not")
    }

    func testATaskThatHasEndedKeepsNothing() {
        let bindings = bindings()
        let task = RecordedTask(request("t1"))
        bindings.keep(Data("alice".utf8), of: "t1")
        bindings.hold(for: task)
        passes(TokenBindings.life)
        XCTAssertEqual(bindings.count, 1)
        bindings.release(task)
        XCTAssertEqual(bindings.count, 0)
        bindings.hold(for: task)
        XCTAssertEqual(bindings.count, 0, "bound to nothing")
    }
}
