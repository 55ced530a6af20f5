import Foundation
import Security

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A server's certificates as the system was given them, and what it makes of them.
struct ServerTrust: Sendable {
    private let trust: Carried<SecTrust>

    init(_ trust: SecTrust) {
        self.trust = Carried(trust)
    }

    /// The chain that the system built and validated for `host`, in DER, leaf first; never what the server sent besides.
    ///
    /// Blocks for as long as the system fetches what it lacks, on a queue that is made for it.
    func evaluated(for host: String) async throws -> [Data] {
        try await withCheckedThrowingContinuation { continuation in
            Self.asynchronously { continuation.resume(with: Result { try evaluate(for: host) }) }
        }
    }

    /// On threads that may block.
    static func asynchronously(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    /// The same, on the caller's thread.
    func evaluate(for host: String) throws -> [Data] {
        let trust = trust.value
        // The host's own policy, whatever a delegate that saw the trust before has set.
        let status = SecTrustSetPolicies(trust, SecPolicyCreateSSL(true, NSString(string: host) as CFString))
        guard status == errSecSuccess else { throw Refused(why: "no policy could be set (OSStatus \(status))") }
        var error: CFError?
        guard SecTrustEvaluateWithError(trust, &error) else {
            throw Refused(why: error.map { "\($0)" } ?? "for no reason that it names", presented: certificates(of: trust))
        }
        let chain = certificates(of: trust)
        guard !chain.isEmpty else { throw Refused(why: "no chain was built") }
        return chain
    }

    private func certificates(of trust: SecTrust) -> [Data] {
        let chain = SecTrustCopyCertificateChain(trust) as? [SecCertificate] ?? []
        return chain.map { Data(referencing: SecCertificateCopyData($0) as NSData) }
    }

    /// The system does not trust the server.
    struct Refused: Error, CustomStringConvertible {
        let why: String
        /// What the server sent, in DER, leaf first; nobody vouches for it.
        var presented = [Data]()

        var description: String { "the system does not trust the server: \(why)" }
    }

    private static let queue = DispatchQueue(label: "io.bonafide.trust", qos: .userInitiated, attributes: .concurrent)
}

extension URLAuthenticationChallenge {
    /// True for the challenge that carries a server's certificates, and for no other.
    var isServerTrust: Bool {
        #if canImport(Darwin)
            protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust
        #else
            // Foundation on Linux declares the constant, but does not let it be used.
            protectionSpace.authenticationMethod == "NSURLAuthenticationMethodServerTrust"
        #endif
    }
}
