// Server trust, with Apple's signatures. What the system would make of the certificates, the test says.
import Foundation
import FoundationNetworking

public final class SecCertificate: @unchecked Sendable {
    let der: Data

    public init(standInFor der: Data) {
        self.der = der
    }
}

public final class SecPolicy {
    let host: String

    init(host: String) {
        self.host = host
    }
}

public final class SecTrust: @unchecked Sendable {
    /// What the server sent, in DER.
    public let presented: [Data]
    let evaluated: [Data]?
    let names: [String]
    var policy: SecPolicy?
    var isEvaluated = false
    /// Whether it was last evaluated by one of the few threads that Swift runs all tasks on.
    public internal(set) var standInHeldATaskUp: Bool?

    /// - Parameters:
    ///   - presented: what the server sent, in DER.
    ///   - evaluated: the chain that leads to a trusted root; nil: there is none.
    ///   - names: of the leaf. The SSL policy refuses any other host.
    public init(standInFor presented: [Data], evaluated: [Data]?, names: [String]) {
        (self.presented, self.evaluated, self.names) = (presented, evaluated, names)
    }

    fileprivate func covers(_ host: String) -> Bool {
        names.contains { name in
            name == host || (name.hasPrefix("*.") && host.drop { $0 != "." } == name.dropFirst())
        }
    }
}

public func SecPolicyCreateSSL(_ server: Bool, _ hostname: CFString?) -> SecPolicy {
    SecPolicy(host: hostname.map { String(describing: $0) } ?? "")
}

public func SecTrustSetPolicies(_ trust: SecTrust, _ policies: CFTypeRef) -> OSStatus {
    trust.policy = policies as? SecPolicy
    return trust.policy == nil ? errSecParam : errSecSuccess
}

public func SecTrustEvaluateWithError(_ trust: SecTrust, _ error: UnsafeMutablePointer<CFError?>?) -> Bool {
    precondition(!Thread.isMainThread, "evaluating a trust may block: never on the main thread")
    trust.standInHeldATaskUp = withUnsafeCurrentTask { $0 != nil }
    guard trust.evaluated != nil, let policy = trust.policy, trust.covers(policy.host) else {
        let code = trust.evaluated == nil ? -67843 : -67602
        error?.pointee = NSError(domain: NSOSStatusErrorDomain, code: code)
        return false
    }
    trust.isEvaluated = true
    return true
}

public func SecTrustCopyCertificateChain(_ trust: SecTrust) -> CFArray? {
    // Before an evaluation there is only what the server sent.
    NSArray(array: (trust.isEvaluated ? trust.evaluated ?? [] : trust.presented).map(SecCertificate.init(standInFor:)))
}

public func SecCertificateCopyData(_ certificate: SecCertificate) -> CFData {
    NSData(data: certificate.der)
}

/// A protection space with a server's certificates, which Foundation on Linux has none of.
public final class TrustedSpace: URLProtectionSpace, @unchecked Sendable {
    fileprivate let trust: SecTrust?

    public init(host: String, trust: SecTrust?) {
        self.trust = trust
        super.init(
            host: host, port: 443, protocol: "https", realm: nil, authenticationMethod: "NSURLAuthenticationMethodServerTrust")
    }

    @available(*, unavailable)
    public required init?(coder: NSCoder) { nil }
}

extension URLProtectionSpace {
    public var serverTrust: SecTrust? { (self as? TrustedSpace)?.trust }
}
