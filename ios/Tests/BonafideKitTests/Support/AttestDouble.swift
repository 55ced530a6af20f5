import DeviceCheck
import Foundation

@testable import BonafideKit

/// Apple's service, as the tests want it; it numbers its keys from 1. One test at a time.
final class AttestDouble: AttestService, @unchecked Sendable {
    var supported = true
    var answers = true
    var failure: (any Error)?
    var gone = Set<UInt8>()
    private(set) var calls = [String]()
    private(set) var hashes = [Data]()
    private(set) var made: UInt8 = 0

    var isSupported: Bool { supported }

    func generateKey(_ done: @escaping @Sendable (Result<String, any Error>) -> Void) {
        calls.append("generate")
        made += 1
        done(.success(Data(repeating: made, count: 32).base64EncodedString()))
    }

    func attest(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        answer("attest", keyId, clientDataHash, "attestation", done)
    }

    func assert(_ keyId: String, _ clientDataHash: Data, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void) {
        answer("assert", keyId, clientDataHash, "assertion", done)
    }

    private func answer(
        _ what: String, _ keyId: String, _ hash: Data, _ made: String, _ done: @escaping @Sendable (Result<Data, any Error>) -> Void
    ) {
        let number = Data(base64Encoded: keyId)?.first ?? 0
        calls.append("\(what) \(number)")
        guard answers else { return }
        if let error = gone.contains(number) ? DCError(.invalidKey) : failure { return done(.failure(error)) }
        hashes.append(hash)
        DispatchQueue.global().async { done(.success(Data(made.utf8))) }
    }
}
