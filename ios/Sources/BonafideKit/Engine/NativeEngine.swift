internal import BonafideBindings
import Foundation

/// The core in its native library. Whatever the generated code throws leaves here as a ``BonafideError``.
final class NativeCore: Engine {
    private let native: NativeEngine

    private init(_ native: NativeEngine) {
        self.native = native
    }

    deinit {
        native.stop()
    }

    static func start(_ settings: Settings, _ events: EngineEvents) throws -> any Engine {
        setLogger(level: settings.logLevel.native, logger: SystemLog())
        return NativeCore(try typed { try NativeEngine.start(settings: settings.native, ports: settings.ports(events)) })
    }

    func revision() -> UInt64 { native.revision() }

    func rules(host: String) throws -> HostRules {
        HostRules(try typed { try native.rules(host: host) })
    }

    func checkPins(host: String, chain: [Data]) -> PinVerdict {
        PinVerdict(native.checkPins(check: PinCheck(host: host, chain: chain)))
    }

    func recheckPins(host: String, chain: [Data], within limit: TimeInterval) async -> PinVerdict {
        PinVerdict(
            await native.recheckPins(check: PinCheck(host: host, chain: chain), withinMs: limit.milliseconds))
    }

    func reportMismatch(_ mismatch: PinMismatch, enforced: Bool) {
        native.reportMismatch(mismatch: mismatch.native, enforced: enforced)
    }

    func token(host: String, binding: Data?, within limit: TimeInterval) async throws -> Lease {
        Lease(try await typed { try await native.token(host: host, binding: binding, withinMs: limit.milliseconds) })
    }

    func setUserProperty(_ value: String?) throws -> String? { try typed { try native.setUserProperty(user: value) } }

    func refresh(within limit: TimeInterval) async throws -> Bool {
        try await typed { try await native.refreshConfig(withinMs: limit.milliseconds) }
    }

    func precheck(within limit: TimeInterval) async throws {
        try await typed { try await native.precheck(withinMs: limit.milliseconds) }
    }

    func installationId() -> String? { native.installationId() }

    func status() throws -> ProtectionStatus {
        ProtectionStatus(try typed { try native.status() }, installationId: native.installationId())
    }

    func stop() { native.stop() }
}

private func typed<Value>(_ call: () throws -> Value) throws -> Value {
    do { return try call() } catch { throw BonafideError(native: error) }
}

private func typed<Value>(_ call: () async throws -> Value) async throws -> Value {
    do { return try await call() } catch { throw BonafideError(native: error) }
}

extension BonafideError {
    /// What a call into the library threw, as the status that it means.
    fileprivate init(native error: any Error) {
        guard case NativeFailure.Failed(let code, var facts, let retryAfterMs) = error else {
            self.init(.internalError, detail: "\(error)")
            return
        }
        if let retryAfterMs { facts["retry_after_ms"] = "\(retryAfterMs)" }
        self.init(.of(code), facts: facts)
    }
}

extension StatusCode {
    /// Facade and library are built together; a code that is not in the table is a defect.
    static func of(_ code: String) -> StatusCode { StatusCode(rawValue: code) ?? .internalError }
}
