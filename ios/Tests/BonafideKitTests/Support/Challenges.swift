// Over the stand-ins for Apple's frameworks, or with servers whose CA only scripts/test-swift makes trusted.
#if os(Linux)
import Foundation
import Security
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A challenge as a session gives it, with real certificates. What the system makes of them, the test says.
enum Challenges {
    static func server(
        _ host: String, presented: [Data]? = nil, evaluated: [Data]?, names: [String] = ["api.acme.com"]
    ) -> URLAuthenticationChallenge {
        let trust = SecTrust(standInFor: presented ?? evaluated ?? [], evaluated: evaluated, names: names)
        return challenge(TrustedSpace(host: host, trust: trust))
    }

    static func serverWithoutCertificates(_ host: String) -> URLAuthenticationChallenge {
        challenge(TrustedSpace(host: host, trust: nil))
    }

    static func password(_ host: String) -> URLAuthenticationChallenge {
        challenge(
            URLProtectionSpace(
                host: host, port: 443, protocol: "https", realm: "realm", authenticationMethod: NSURLAuthenticationMethodHTTPBasic))
    }

    private static func challenge(_ space: URLProtectionSpace) -> URLAuthenticationChallenge {
        URLAuthenticationChallenge(
            protectionSpace: space, proposedCredential: nil, previousFailureCount: 0, failureResponse: nil, error: nil,
            sender: Nobody())
    }
}

struct ChallengeAnswer: Equatable {
    let disposition: URLSession.AuthChallengeDisposition
    var user: String?

    static let systemDecides = ChallengeAnswer(disposition: .performDefaultHandling)
    static let cancelled = ChallengeAnswer(disposition: .cancelAuthenticationChallenge)
}

extension URLSessionTaskDelegate {
    /// At the level of the session.
    func answer(_ challenge: URLAuthenticationChallenge) async -> ChallengeAnswer {
        await withCheckedContinuation { continuation in
            urlSession(.shared, didReceive: challenge) { continuation.resume(returning: ChallengeAnswer(disposition: $0, user: $1?.user)) }
        }
    }

    /// At the level of a task.
    func answer(_ challenge: URLAuthenticationChallenge, of task: URLSessionTask) async -> ChallengeAnswer {
        await withCheckedContinuation { continuation in
            urlSession(.shared, task: task, didReceive: challenge) {
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
#endif
