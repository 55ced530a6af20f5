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
    private struct Record: Codable {
        var keyId: String
        /// False until Apple has attested it: a key that Apple could not be reached for is tried again, since each new one
        /// counts with Apple.
        var attested: Bool
        /// How often in a row Apple has called an assertion's input invalid; nil: never.
        var refusals: Int?
    }

    private struct Unsaved {
        let record: Record?
    }

    private let service: any AttestService
    private let file: URL
    private let patience: TimeInterval
    private let write: @Sendable (Data, URL) throws -> Void
    /// What the file should say, and could not be made to.
    private let unsaved = Locked(Unsaved?.none)

    /// - Parameters:
    ///   - folder: the storage folder.
    ///   - patience: for one answer of Apple's, in seconds.
    ///   - write: as the system does it; a test's disk may be full.
    init(
        service: any AttestService = SystemAttestService(), folder: URL, patience: TimeInterval = 30,
        write: @escaping @Sendable (Data, URL) throws -> Void = { try $0.write(to: $1, options: .atomic) }
    ) {
        (self.service, self.patience, self.write) = (service, patience, write)
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
        guard var record = try read(), record.attested, let keyId = Data(base64Encoded: record.keyId) else {
            throw EvidenceError.lost("no key has been attested on this phone")
        }
        let assertion: Data
        do { assertion = try wait { service.assert(record.keyId, hash, $0) } } catch let error as DCError
        where error.code == .invalidInput {
            // The hash is as it always was, so that it is the key that Apple cannot use. Not at once: a new key counts with
            // Apple, and the core comes back within seconds, then ever later.
            let refusals = (record.refusals ?? 0) + 1
            guard refusals < Self.mostRefusals else {
                keep(nil)
                throw EvidenceError.lost("Apple has refused \(refusals) assertions of the key in a row")
            }
            record.refusals = refusals
            keep(record)
            throw error
        }
        if record.refusals != nil {
            record.refusals = nil
            keep(record)
        }
        return AppAttestEvidence(keyId: keyId, attestation: nil, assertion: assertion)
    }

    private static let mostRefusals = 3

    private func attested(_ hash: Data) throws -> AppAttestEvidence {
        if let record = try read(), !record.attested {
            do { return try attest(record.keyId, hash) } catch where isLost(error) {
                // Gone before it was used: then a new one, at once.
            }
        }
        // On a full disk the file would go on naming the one before.
        keep(nil)
        let keyId = try wait { service.generateKey($0) }
        keep(Record(keyId: keyId, attested: false))
        return try attest(keyId, hash)
    }

    private func attest(_ keyId: String, _ hash: Data) throws -> AppAttestEvidence {
        guard let id = Data(base64Encoded: keyId) else { throw EvidenceError.unavailable("the key's id is no base64") }
        let attestation: Data
        do { attestation = try wait { service.attest(keyId, hash, $0) } } catch let error as DCError {
            // Apple's documentation of attestKey: after any other error the key is of no use. The core backs off.
            if error.code != .serverUnavailable { keep(nil) }
            throw error
        }
        keep(Record(keyId: keyId, attested: true))
        return AppAttestEvidence(keyId: id, attestation: attestation, assertion: nil)
    }

    /// What the core makes of a failure. A key is given up only where Apple says that it is none, or will not use it.
    private func judged(_ error: any Error) -> EvidenceError {
        if isLost(error) {
            keep(nil)
            return .lost("Apple does not know the key any more")
        }
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
