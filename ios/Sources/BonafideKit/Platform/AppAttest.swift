import DeviceCheck
import Foundation

/// What Bonafide asks of `DCAppAttestService`. `Sendable`, and with errors as they are.
protocol AttestService: AnyObject, Sendable {
    var isSupported: Bool { get }
    func generateKey(_ done: @escaping @Sendable (Result<String, any Error>) -> Void)
    func attest(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void)
    func assert(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void)
}

/// App Attest: a key that is made once, attested, and then makes assertions.
///
/// Which key that is, a file in the storage folder says: it goes with the app, as App Attest's keys do, and no backup takes
/// it to another phone. When evidence is due, and how long to wait after a failure, is up to the core and the server.
final class AppAttest: EvidenceSource {
    fileprivate struct Record: Codable, Equatable {
        /// Nil: there is none.
        var keyId: String?
        /// False until Apple has attested it: a key that Apple could not be reached for is tried again, since each new one
        /// counts with Apple.
        var attested: Bool
        /// How often Apple has called an assertion's input invalid since the last that it made; nil: never.
        var refusals: Int?
        /// How often an assertion has failed since then for no reason that Apple names; nil: never.
        var failures: Int?
        /// How many keys in a row Apple has refused to attest, and when the last one, Unix seconds; nil: none.
        var refusedKeys: Int?
        var refusedAt: TimeInterval?

        /// What is worth keeping without a key.
        var withoutKey: Record? {
            refusedKeys.map { Record(keyId: nil, attested: false, refusedKeys: $0, refusedAt: refusedAt) }
        }
    }

    private struct Unsaved {
        let record: Record?
    }

    private let service: any AttestService
    private let file: URL
    private let patience: TimeInterval
    private let now: @Sendable () -> TimeInterval
    private let write: @Sendable (Data, URL) throws -> Void
    /// What the file should say, and could not be made to.
    private let unsaved = Locked(Unsaved?.none)

    /// - Parameters:
    ///   - folder: the storage folder.
    ///   - patience: for one answer of Apple's, in seconds.
    ///   - now: Unix seconds; a test's stand still.
    ///   - write: as the system does it; a test's disk may be full.
    init(
        service: any AttestService = SystemAttestService(), folder: URL, patience: TimeInterval = 30,
        now: @escaping @Sendable () -> TimeInterval = { Date().timeIntervalSince1970 },
        write: @escaping @Sendable (Data, URL) throws -> Void = { try $0.write(to: $1, options: .atomic) }
    ) {
        (self.service, self.patience, self.now, self.write) = (service, patience, now, write)
        file = folder.appendingPathComponent("app-attest.json")
    }

    func evidence(boundHash: Data, anew: Bool) throws -> AppAttestEvidence {
        guard service.isSupported else { throw EvidenceError.unsupported("this device has no App Attest") }
        do {
            return anew ? try attested(boundHash) : try asserted(boundHash)
        } catch let error as EvidenceError {
            throw error
        } catch {
            throw judged(error)
        }
    }

    private func asserted(_ hash: Data) throws -> AppAttestEvidence {
        guard var record = try read(), record.attested, let known = record.keyId, let keyId = Data(base64Encoded: known) else {
            throw EvidenceError.lost("no key has been attested on this phone")
        }
        let before = record
        let assertion: Data
        do { assertion = try wait { service.assert(known, hash, $0) } } catch let error as DCError {
            if let why = record.isGivenUp(after: error.code) {
                keep(nil)
                throw EvidenceError.lost(why)
            }
            if record != before { keep(record) }
            throw error
        }
        (record.refusals, record.failures) = (nil, nil)
        if record != before { keep(record) }
        return AppAttestEvidence(keyId: keyId, attestation: nil, assertion: assertion)
    }

    private func attested(_ hash: Data) throws -> AppAttestEvidence {
        var before = try read()
        if let record = before, !record.attested, record.keyId != nil {
            do { return try attest(record, hash) } catch where isLost(error) {
                // Gone before it was used: then a new one, at once.
                before = try read()
            }
        }
        try refuseToHurry(before)
        // On a full disk the file would go on naming the one before.
        keep(before?.withoutKey)
        var record = before?.withoutKey ?? Record(keyId: nil, attested: false)
        record.keyId = try wait { service.generateKey($0) }
        keep(record)
        return try attest(record, hash)
    }

    /// There are phones for which Apple refuses each key, by a defect of its own. Each key counts with Apple.
    private func refuseToHurry(_ record: Record?) throws {
        guard let refused = record?.refusedKeys, refused >= Self.mostRefusedKeys, let last = record?.refusedAt else { return }
        // A clock that was set back is no reason to wait for longer than that.
        guard (0..<Self.pause).contains(now() - last) else { return }
        throw EvidenceError.unavailable("Apple has refused \(refused) keys of this phone in a row: one a day is made")
    }

    private static let mostRefusedKeys = 3
    private static let pause: TimeInterval = 24 * 3600

    private func attest(_ record: Record, _ hash: Data) throws -> AppAttestEvidence {
        guard let keyId = record.keyId, let id = Data(base64Encoded: keyId) else {
            keep(record.withoutKey)
            throw EvidenceError.unavailable("the key's id is no base64")
        }
        let attestation: Data
        do { attestation = try wait { service.attest(keyId, hash, $0) } } catch let error as DCError {
            // Apple's documentation of attestKey: after any other error the key is of no use. The core backs off.
            if error.code != .serverUnavailable {
                keep(Record(keyId: nil, attested: false, refusedKeys: (record.refusedKeys ?? 0) + 1, refusedAt: now()))
            }
            throw error
        }
        keep(Record(keyId: keyId, attested: true))
        return AppAttestEvidence(keyId: id, attestation: attestation, assertion: nil)
    }

    /// What the core makes of a failure.
    private func judged(_ error: any Error) -> EvidenceError {
        if isLost(error) { return .lost("Apple does not know the key any more") }
        switch (error as? DCError)?.code {
        case .featureUnsupported?: return .unsupported("Apple says that this device has no App Attest")
        case .serverUnavailable?: return .unavailable("Apple's server cannot be reached")
        default: return .unavailable("\(error)")
        }
    }

    private func isLost(_ error: any Error) -> Bool {
        (error as? DCError)?.code == .invalidKey
    }

    /// Nil where there is none, and for a damaged one: its key cannot be found again.
    private func read() throws -> Record? {
        if let unsaved = unsaved.now {
            keep(unsaved.record)
            return unsaved.record
        }
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let content: Data
        do { content = try Data(contentsOf: file) } catch {
            // A phone that was not unlocked since it was booted. The key is there, and must not be replaced.
            throw EvidenceError.unavailable("the key's id cannot be read now")
        }
        return try? JSONDecoder().decode(Record.self, from: content)
    }

    /// Nil: there is none any more. What a full disk does not take lives as long as the process: else refusals would never
    /// add up to a new key, and while Apple cannot be reached each try would make one. The next process begins with what
    /// the file says; where that is nothing, it has one key made.
    private func keep(_ record: Record?) {
        do {
            if let record {
                try write(JSONEncoder().encode(record), file)
            } else if FileManager.default.fileExists(atPath: file.path) {
                try FileManager.default.removeItem(at: file)
            }
            unsaved.with { $0 = nil }
        } catch {
            unsaved.with { $0 = Unsaved(record: record) }
        }
    }

    /// The core calls on a thread that may block.
    private func wait<Value: Sendable>(
        _ begin: (@escaping @Sendable (Result<Value, any Error>) -> Void) -> Void
    ) throws -> Value {
        let (answer, done) = (Locked(Result<Value, any Error>?.none), DispatchSemaphore(value: 0))
        begin { result in
            answer.with { $0 = result }
            done.signal()
        }
        guard done.wait(timeout: .now() + patience) == .success, let result = answer.with({ $0 }) else {
            throw EvidenceError.unavailable("Apple did not answer in time")
        }
        return try result.get()
    }
}

extension AppAttest.Record {
    /// Why the key is given up after its assertion has failed so; nil where it is not. Not at once, unless Apple says that it
    /// is none: a new key counts with Apple, and the core comes back within seconds, then ever later.
    fileprivate mutating func isGivenUp(after code: DCError.Code) -> String? {
        switch code {
        case .invalidKey:
            return "Apple does not know the key any more"
        case .invalidInput:
            // The hash is as it always was, so that it is the key that Apple cannot use.
            refusals = (refusals ?? 0) + 1
            return refusals.flatMap { $0 < 3 ? nil : "Apple has refused \($0) assertions of the key, and made none between" }
        case .unknownSystemFailure:
            // Of a phone that is short of something, or for ever: there are keys that never sign again.
            failures = (failures ?? 0) + 1
            return failures.flatMap { $0 < 8 ? nil : "\($0) assertions of the key have failed, and none has succeeded between" }
        default:
            return nil
        }
    }
}

/// The system's own.
final class SystemAttestService: AttestService {
    var isSupported: Bool { DCAppAttestService.shared.isSupported }

    func generateKey(_ done: @escaping @Sendable (Result<String, any Error>) -> Void) {
        DCAppAttestService.shared.generateKey { done(Self.result($0, $1)) }
    }

    func attest(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        DCAppAttestService.shared.attestKey(keyId, clientDataHash: clientDataHash) { done(Self.result($0, $1)) }
    }

    func assert(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        DCAppAttestService.shared.generateAssertion(keyId, clientDataHash: clientDataHash) { done(Self.result($0, $1)) }
    }

    private static func result<Value>(_ value: Value?, _ error: (any Error)?) -> Result<Value, any Error> {
        if let value { return .success(value) }
        return .failure(error ?? EvidenceError.unavailable("Apple answered nothing"))
    }
}
