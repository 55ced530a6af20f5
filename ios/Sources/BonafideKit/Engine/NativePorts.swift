internal import BonafideBindings
import Foundation

final class Observer: ObserverPort {
    private let events: EngineEvents

    init(_ events: EngineEvents) {
        self.events = events
    }

    func configChanged(revision: UInt64) {
        events.onRevision(revision)
        events.onStatus()
    }

    func statusChanged() {
        events.onStatus()
    }
}

final class KeyPort: InstallKeyPort {
    private let key: any InstallKey

    init(_ key: any InstallKey) {
        self.key = key
    }

    func loadOrCreate() throws -> NativeKey {
        try typed {
            let facts = try key.loadOrCreate()
            return NativeKey(point: facts.point, level: facts.level == .hardware ? .hardware : .software)
        }
    }

    func sign(message: Data) throws -> Data { try typed { try key.sign(message) } }

    func reset() throws { try typed { try key.reset() } }

    // App Attest's statement does not come with the key, and so the core makes none of the calls below.
    func attests() -> Bool { false }

    func load() throws -> NativeKey? { throw unattested }

    func makeCandidate(challenge: Data) throws -> NativeCandidate { throw unattested }

    func signWithCandidate(message: Data) throws -> Data { throw unattested }

    func adoptCandidate(point: Data) throws { throw unattested }

    func dropCandidate() throws { throw unattested }

    private var unattested: KeyError { .Failed(why: "keys are not attested at their making on this platform") }

    private func typed<Value>(_ call: () throws -> Value) throws -> Value {
        do {
            return try call()
        } catch let error as InstallKeyError {
            switch error {
            case .unavailable(let why): throw KeyError.Unavailable(why: why)
            case .lost(let why): throw KeyError.Lost(why: why)
            case .failed(let why): throw KeyError.Failed(why: why)
            }
        } catch {
            // What nobody thought of is no proof that the key is gone.
            throw KeyError.Failed(why: "\(error)")
        }
    }
}

final class AppAttestPort: EvidencePort {
    private let source: any EvidenceSource

    init(_ source: any EvidenceSource) {
        self.source = source
    }

    func kind() -> NativeEvidenceKind { .appAttest }

    func evidence(boundHash: Data, anew: Bool) throws -> NativeEvidence {
        do {
            let made = try source.evidence(boundHash: boundHash, anew: anew)
            return .appAttest(keyId: made.keyId, attestation: made.attestation, assertion: made.assertion)
        } catch let error as EvidenceError {
            switch error {
            case .unavailable(let why): throw BonafideBindings.EvidenceError.Unavailable(why: why)
            case .unsupported(let why): throw BonafideBindings.EvidenceError.Unsupported(why: why)
            case .lost(let why): throw BonafideBindings.EvidenceError.Lost(why: why)
            }
        } catch {
            throw BonafideBindings.EvidenceError.Unavailable(why: "\(error)")
        }
    }
}

final class NetworkPort: ConnectivityPort {
    private let network: any Connectivity

    init(_ network: any Connectivity) {
        self.network = network
    }

    func connection() -> ConnectionHint {
        switch network.online() {
        case true?: .online
        case false?: .offline
        case nil: .unknown
        }
    }

    func proxy() -> String? { network.proxy() }
}
