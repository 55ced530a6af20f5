import Foundation
import Security
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A challenge as a session gives it, with real certificates. On Apple's systems their own `SecTrust` judges them; on
/// Linux a stand-in says what it would.
enum Challenges {
    /// - Parameters:
    ///   - leaf: a leaf of ``Acme``, sent with its intermediate.
    ///   - besides: other certificates of ``Acme`` that the server sends.
    ///   - trusted: whether the system trusts the root.
    static func server(
        _ host: String, leaf: String = "leaf", besides: [String] = [], trusted: Bool = true
    ) throws -> URLAuthenticationChallenge {
        let presented = try ([leaf, "intermediate"] + besides).map(Acme.certificate)
        return challenge(TrustedSpace(host: host, trust: try trust(presented, leaf, trusted)))
    }

    static func serverWithoutCertificates(_ host: String) -> URLAuthenticationChallenge {
        challenge(TrustedSpace(host: host, trust: nil))
    }

    static func password(_ host: String) -> URLAuthenticationChallenge {
        challenge(
            URLProtectionSpace(
                host: host, port: 443, protocol: "https", realm: "realm", authenticationMethod: NSURLAuthenticationMethodHTTPBasic))
    }

    static func challenge(_ space: URLProtectionSpace) -> URLAuthenticationChallenge {
        URLAuthenticationChallenge(
            protectionSpace: space, proposedCredential: nil, previousFailureCount: 0, failureResponse: nil, error: nil,
            sender: Nobody())
    }

    #if os(Linux)
        private static func trust(_ presented: [Data], _ leaf: String, _ trusted: Bool) throws -> SecTrust {
            try SecTrust(standInFor: presented, evaluated: trusted ? Acme.chain(leaf) : nil, names: Acme.names(leaf))
        }
    #else
        /// The test's root is the only anchor, if there is any, and nothing is fetched.
        private static func trust(_ presented: [Data], _ leaf: String, _ trusted: Bool) throws -> SecTrust {
            let anchors = try trusted ? [certificate(Acme.certificate("root"))] : []
            var made: SecTrust?
            let status = SecTrustCreateWithCertificates(
                try presented.map(certificate) as CFArray, SecPolicyCreateSSL(true, nil), &made)
            let trust = try XCTUnwrap(made, "OSStatus \(status)")
            XCTAssertEqual(SecTrustSetAnchorCertificates(trust, anchors as CFArray), errSecSuccess)
            XCTAssertEqual(SecTrustSetAnchorCertificatesOnly(trust, true), errSecSuccess)
            XCTAssertEqual(SecTrustSetNetworkFetchAllowed(trust, false), errSecSuccess)
            return trust
        }

        private static func certificate(_ der: Data) throws -> SecCertificate {
            try XCTUnwrap(SecCertificateCreateWithData(nil, der as CFData))
        }
    #endif
}

#if !os(Linux)
    /// A protection space with a server's certificates, which only the system can make otherwise.
    private final class TrustedSpace: URLProtectionSpace, @unchecked Sendable {
        private let trust: SecTrust?

        init(host: String, trust: SecTrust?) {
            self.trust = trust
            super.init(
                host: host, port: 443, protocol: "https", realm: nil, authenticationMethod: NSURLAuthenticationMethodServerTrust)
        }

        required init?(coder: NSCoder) { nil }

        override var serverTrust: SecTrust? { trust }
    }
#endif

struct ChallengeAnswer: Equatable {
    let disposition: URLSession.AuthChallengeDisposition
    var user: String?

    static let systemDecides = ChallengeAnswer(disposition: .performDefaultHandling)
    static let cancelled = ChallengeAnswer(disposition: .cancelAuthenticationChallenge)
}

// Of the class: methods of the protocol may be missing on Apple's systems.
extension PinningDelegate {
    /// At the level of the session.
    func answer(_ challenge: URLAuthenticationChallenge, in session: URLSession = .shared) async -> ChallengeAnswer {
        await withCheckedContinuation { continuation in
            urlSession(session, didReceive: challenge) { continuation.resume(returning: ChallengeAnswer(disposition: $0, user: $1?.user)) }
        }
    }

    /// At the level of a task.
    func answer(
        _ challenge: URLAuthenticationChallenge, of task: URLSessionTask, in session: URLSession = .shared
    ) async -> ChallengeAnswer {
        await withCheckedContinuation { continuation in
            urlSession(session, task: task, didReceive: challenge) {
                continuation.resume(returning: ChallengeAnswer(disposition: $0, user: $1?.user))
            }
        }
    }
}

private final class Nobody: NSObject, URLAuthenticationChallengeSender {
    func use(_ credential: URLCredential, for challenge: URLAuthenticationChallenge) {}
    func continueWithoutCredential(for challenge: URLAuthenticationChallenge) {}
    func cancel(_ challenge: URLAuthenticationChallenge) {}
    func performDefaultHandling(for challenge: URLAuthenticationChallenge) {}
    func rejectProtectionSpaceAndContinue(with challenge: URLAuthenticationChallenge) {}
}
