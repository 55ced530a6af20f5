import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A request could not be made under protection, and so was not made.
///
/// A session's calls throw a `URLError`, as `URLSession` does, which carries this; every other call throws this itself.
/// `error.bonafide` finds it in either, so that nobody has to read a text:
/// ```swift
/// catch { if error.bonafide?.statusClass == .untrustedChannel { … } }
/// ```
/// Its description has the status's sentence, its code, the facts and the next step, in this order.
public struct BonafideError: Error, Sendable {
    /// What went wrong, from a closed list with stable codes.
    public let code: StatusCode

    /// The facts, by stable names such as `host`; never a token, a key, a path or a query.
    public let facts: [String: String]

    /// What this case adds to the status's sentence.
    public let detail: String?

    /// The host, the expected and the served pins, where it is a pin that did not match.
    public let mismatch: PinMismatch?

    /// For tests of an app's own error handling, too.
    public init(_ code: StatusCode, facts: [String: String] = [:], detail: String? = nil) {
        self.code = code
        self.facts = facts
        self.detail = detail
        mismatch = nil
    }

    /// The server's certificates match none of the host's pins; not a byte of the request was sent.
    public init(mismatch: PinMismatch) {
        code = .pinMismatch
        facts = [
            "host": mismatch.host,
            "expected": mismatch.expected.joined(separator: " "),
            "served": mismatch.served.joined(separator: " "),
        ]
        detail = nil
        self.mismatch = mismatch
    }

    /// What the caller should do: try later, warn of an untrusted channel, mend the setup, or report a bug.
    public var statusClass: StatusClass { code.statusClass }

    /// What to do next, with the facts filled in; for instance the command to run.
    public var nextStep: String {
        facts["host"].map { code.nextStep.replacingOccurrences(of: "HOST", with: $0) } ?? code.nextStep
    }
}

extension BonafideError: CustomStringConvertible, LocalizedError {
    public var description: String {
        mismatch?.description ?? "\(seen) \(nextStep)"
    }

    /// The description without the next step, for where that stands beside it.
    var seen: String {
        let listed = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        let parts = ["\(code.message) (\(code.rawValue))", detail, listed.isEmpty ? nil : "[\(listed)]"]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    public var errorDescription: String? { description }
}

extension Error {
    /// What Bonafide has to say of this error; nil where it is none of Bonafide's.
    public var bonafide: BonafideError? {
        (self as? BonafideError) ?? (self as? URLError)?.userInfo[BonafideError.userInfoKey] as? BonafideError
    }
}

extension BonafideError {
    static let userInfoKey = "io.bonafide.error"

    /// As `URLSession` would fail, so that an app's handling of the network's errors holds for these.
    func asURLError(for url: URL?) -> URLError {
        var info: [String: Any] = [Self.userInfoKey: self, NSLocalizedDescriptionKey: description]
        info[NSURLErrorFailingURLErrorKey] = url
        return URLError(urlErrorCode, userInfo: info)
    }

    private var urlErrorCode: URLError.Code {
        switch (code, statusClass) {
        case (.pinMismatch, _): .serverCertificateUntrusted
        case (.cleartextRefused, _): .appTransportSecurityRequiresSecureConnection
        case (.noNetwork, _): .cannotConnectToHost
        case (.poorNetwork, _): .timedOut
        case (_, .retry): .resourceUnavailable
        case (_, .untrustedChannel): .secureConnectionFailed
        case (_, .misconfigured), (_, .bug): .unknown
        }
    }
}
