import Foundation

/// A protection with the core behind it. ``Bonafide`` holds the default one; tests, and apps that talk for more accounts
/// than one, make their own.
///
/// Made, it does nothing. ``close()`` ends it for good: what waits then, and what is called after, fails as `notStarted`,
/// and a pin check refuses. `async` functions wait no longer than ``StartOptions/requestTimeout``, the wait for the start
/// included, unless they say otherwise; cancelled, they end at once.
public final class BonafideProtection: Protection {
    private let lifecycle: Lifecycle
    private let user: UserProperty
    private let feed: StatusFeed
    private let listeners = Locked([UUID: MismatchListener]())

    /// Hears of pin mismatches that stood after a newer config had been asked for. `enforced` is true when the request
    /// was stopped for it, false in `report` mode. Called on any thread; must return soon.
    public typealias MismatchListener = @Sendable (_ mismatch: PinMismatch, _ enforced: Bool) -> Void

    public convenience init() {
        self.init(starter: NativeCore.start)
    }

    init(starter: @escaping EngineStarter) {
        let (user, feed) = (UserProperty(), StatusFeed())
        (self.user, self.feed) = (user, feed)
        lifecycle = Lifecycle(
            starter: { settings, events in
                let engine = try starter(settings, events)
                user.tell(engine)
                return engine
            },
            onChange: { feed.changed() })
        feed.read = { [weak lifecycle] in lifecycle?.status() }
    }

    deinit {
        lifecycle.close()
    }

    /// Starts, and returns at once, on the main thread too: files and keychain are asked on a thread of Bonafide's own,
    /// and calls wait for it. While it runs or is at work, a further call changes nothing; after a failure it tries again.
    ///
    /// - Throws: ``BonafideError`` for what no waiting mends: an app without a config, options that cannot be used. What
    ///   goes wrong later is the answer to every call that needs a start, and in ``status``; it never ends the app.
    public func start(_ options: StartOptions = StartOptions()) throws {
        let launch = Launch(options: options)
        do {
            try launch.check()
        } catch {
            if let error = error.bonafide { lifecycle.fail(error) }
            throw error
        }
        start(timeout: options.requestTimeout, settings: launch.settings)
    }

    func start(timeout: TimeInterval, settings: @escaping @Sendable () throws -> Settings) {
        lifecycle.start(timeout: timeout, settings: settings)
    }

    public var configRevision: UInt64 { lifecycle.revision }

    public func waitUntilStarted(within limit: TimeInterval) async throws {
        _ = try await lifecycle.waitRunning(within: limit)
    }

    public func rules(for host: String) throws -> HostRules {
        try lifecycle.running().rules(host: host)
    }

    public func checkPins(host: String, chain: [Data]) -> PinVerdict {
        do { return try lifecycle.running().checkPins(host: host, chain: chain) } catch { return refused(host, error) }
    }

    public func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict {
        do {
            let engine = try lifecycle.running()
            return try await abandoning { await engine.recheckPins(host: host, chain: chain, within: limit) }
        } catch {
            return refused(host, error)
        }
    }

    /// A check that did not come to an end refuses.
    private func refused(_ host: String, _ error: any Error) -> PinVerdict {
        .mismatch(PinMismatch(host: host, expected: [], served: [], reason: "\(error)"))
    }

    public func reportMismatch(_ mismatch: PinMismatch) {
        guard let engine = lifecycle.runningOrNil, let rules = try? engine.rules(host: mismatch.host) else { return }
        engine.reportMismatch(mismatch, enforced: rules.enforced)
        for listener in listeners.with({ Array($0.values) }) { listener(mismatch, rules.enforced) }
    }

    public func headers(for url: URL, binding: Data?, within limit: TimeInterval) async throws -> [String: String] {
        let target = try Target(url)
        let budget = Budget(limit)
        let engine = try await lifecycle.waitRunning(within: limit)
        let rules = try engine.rules(host: target.host)
        if target.cleartext, rules.pinned || rules.protected { throw target.cleartextRefusal }
        guard rules.protected else { return [:] }
        return try await lease(engine, target.host, binding, budget).headers
    }

    /// The token for `url`, for HTTP clients that Bonafide does not know.
    ///
    /// - Parameter binding: data that the token is bound to (its SHA-256 becomes the claim `pay`), or nil.
    /// - Throws: ``BonafideError`` why there is no valid token: `hostNotInConfig` where the config sends none.
    public func token(for url: URL, binding: Data? = nil) async throws -> String {
        let target = try Target(url)
        if target.cleartext { throw target.cleartextRefusal }
        let budget = Budget(lifecycle.timeout)
        let lease = try await lease(try await lifecycle.waitRunning(within: budget.left), target.host, binding, budget)
        guard let token = lease.token, lease.status == nil else {
            throw BonafideError(lease.status ?? .internalError, facts: ["host": target.host])
        }
        return token
    }

    private func lease(_ engine: any Engine, _ host: String, _ binding: Data?, _ budget: Budget) async throws -> Lease {
        let lease = try await abandoning { try await engine.token(host: host, binding: binding, within: budget.left) }
        if let token = lease.token { GivenTokens.shared.keep(token) }
        return lease
    }

    /// What tokens say of the user, in the claim `user`; nil once nobody is logged in. Kept in memory only.
    public var userProperty: String? { user.value }

    /// Sets ``userProperty``: 1 to 128 characters of visible ASCII without a comma, for instance a keyed hash of the
    /// user's id, never the id itself: whoever holds the phone can read it. It may be set before the start, and holds for
    /// the tokens asked for from then on. Operators find the user's devices by it.
    ///
    /// - Throws: ``BonafideError`` for a text that cannot be one; the one before stays.
    public func setUserProperty(_ value: String?) throws {
        try user.set(value)
    }

    /// Asks the service for a newer config now; true if there was one. It is asked from time to time anyway.
    @discardableResult
    public func refresh() async throws -> Bool {
        try await started { engine, limit in try await engine.refresh(within: limit) }
    }

    /// Fetches what the first requests will need, for instance behind a splash screen.
    public func precheck() async throws {
        try await started { engine, limit in try await engine.precheck(within: limit) }
    }

    /// One limit for the start and what comes after it.
    private func started<Value: Sendable>(
        _ work: @escaping @Sendable (any Engine, TimeInterval) async throws -> Value
    ) async throws -> Value {
        let budget = Budget(lifecycle.timeout)
        let engine = try await lifecycle.waitRunning(within: budget.left)
        return try await abandoning { try await work(engine, budget.left) }
    }

    /// How it is doing now. Returns at once.
    public var status: ProtectionStatus { lifecycle.status() }

    /// How it is doing, now and again after each change. Changes in quick succession may come as one. Ends with the
    /// protection.
    public var statusUpdates: AsyncStream<ProtectionStatus> { feed.stream() }

    /// Tries everything that a request needs, and tells what works. Throws nothing but `CancellationError`.
    public func diagnose() async throws -> Diagnosis {
        try await Doctor(lifecycle: lifecycle).examine()
    }

    /// The id that the service gave this installation; nil before it did. Returns at once.
    public var installationId: String? { lifecycle.runningOrNil?.installationId() }

    /// Has `listener` called for every mismatch from now on, until what is returned is called.
    @discardableResult
    public func addMismatchListener(_ listener: @escaping MismatchListener) -> @Sendable () -> Void {
        let id = UUID()
        listeners.with { $0[id] = listener }
        return { [weak self] in self?.listeners.with { _ = $0.removeValue(forKey: id) } }
    }

    /// Ends it for good. Twice is harmless.
    public func close() {
        lifecycle.close()
    }
}
