import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The default protection of an app: `try Bonafide.start()` once at launch, then `Bonafide.session()` in place of a
/// `URLSession`.
///
/// It only holds an ordinary ``BonafideProtection``; nothing else is static. An app that talks for two accounts, and a
/// test, make their own.
public enum Bonafide {
    /// The default protection.
    public static let protection = BonafideProtection()

    /// ``BonafideProtection/start(_:)`` of the default protection: finds `bonafide.config` in the app's bundle, and
    /// returns at once. Twice is harmless.
    public static func start(_ options: StartOptions = StartOptions()) throws {
        try protection.start(options)
    }

    /// A session whose requests are protected: see ``BonafideSession``.
    ///
    /// - Parameters:
    ///   - configuration: is copied.
    ///   - delegate: is forwarded to, and cannot take the pin check away; held until the session is invalidated.
    ///   - delegateQueue: where the delegate is called; nil: a serial queue of the session's own.
    public static func session(
        configuration: URLSessionConfiguration = .default, delegate: (any URLSessionDelegate)? = nil,
        delegateQueue: OperationQueue? = nil
    ) -> BonafideSession {
        BonafideSession(
            protection: protection, configuration: configuration, delegate: delegate, delegateQueue: delegateQueue)
    }

    /// ``Protection/protect(_:binding:)`` of the default protection, for a `URLSession` of the app's own.
    public static func protect(_ request: inout URLRequest, binding: Data? = nil) async throws {
        try await protection.protect(&request, binding: binding)
    }

    /// ``BonafideProtection/token(for:binding:)`` of the default protection.
    public static func token(for url: URL, binding: Data? = nil) async throws -> String {
        try await protection.token(for: url, binding: binding)
    }

    /// ``Protection/headers(for:binding:)`` of the default protection.
    public static func headers(for url: URL, binding: Data? = nil) async throws -> [String: String] {
        try await protection.headers(for: url, binding: binding)
    }

    /// ``BonafideProtection/precheck()`` of the default protection.
    public static func precheck() async throws {
        try await protection.precheck()
    }

    /// ``BonafideProtection/diagnose()`` of the default protection.
    public static func diagnose() async throws -> Diagnosis {
        try await protection.diagnose()
    }

    /// ``BonafideProtection/refresh()`` of the default protection.
    @discardableResult
    public static func refresh() async throws -> Bool {
        try await protection.refresh()
    }

    /// ``BonafideProtection/checkPins(host:chain:)`` of the default protection.
    public static func checkPins(host: String, chain: [Data]) -> PinVerdict {
        protection.checkPins(host: host, chain: chain)
    }

    /// ``BonafideProtection/addMismatchListener(_:)`` of the default protection.
    @discardableResult
    public static func addMismatchListener(_ listener: @escaping BonafideProtection.MismatchListener)
        -> @Sendable () -> Void
    {
        protection.addMismatchListener(listener)
    }

    /// ``BonafideProtection/setUserProperty(_:)`` of the default protection.
    public static func setUserProperty(_ value: String?) throws {
        try protection.setUserProperty(value)
    }

    /// ``BonafideProtection/userProperty`` of the default protection.
    public static var userProperty: String? { protection.userProperty }

    /// ``BonafideProtection/status`` of the default protection.
    public static var status: ProtectionStatus { protection.status }

    /// ``BonafideProtection/statusUpdates`` of the default protection.
    public static var statusUpdates: AsyncStream<ProtectionStatus> { protection.statusUpdates }

    /// ``BonafideProtection/installationId`` of the default protection.
    public static var installationId: String? { protection.installationId }
}
