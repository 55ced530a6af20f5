import Foundation

/// Scheme and host of a URL, as an HTTP client finds them. What cannot be told for certain is refused, since a token may
/// go there.
struct Target: Equatable {
    let host: String
    let cleartext: Bool

    init(_ url: URL?) throws {
        guard let url = url?.absoluteURL, let parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else {
            throw Self.refused("not a URL")
        }
        switch parts.scheme?.lowercased() {
        case "https", "wss": cleartext = false
        case "http", "ws": cleartext = true
        default: throw Self.refused("not an http or https URL")
        }
        if let address = parts.percentEncodedHost.flatMap(Self.withoutZone) {
            host = address
            return
        }
        guard var host = parts.host, !host.isEmpty else { throw Self.refused("the URL has no host") }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let ascii = host.unicodeScalars.allSatisfy(\.isASCII)
        // An escape that hides plain ASCII is read differently by different clients; one of an IDN is how Foundation
        // writes it.
        let escaped = parts.percentEncodedHost?.contains("%") ?? true
        guard !host.unicodeScalars.contains(where: strange.contains), !(escaped && ascii) else {
            throw Self.refused("the URL has no host that can be told")
        }
        self.host = host
    }

    /// Of an IPv6 address on a link (RFC 6874, `[fe80::1%25en0]`), whose name is the machine's own; nil for any other host.
    private static func withoutZone(_ host: String) -> String? {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
        let parts = host.dropFirst().dropLast().components(separatedBy: "%25")
        guard parts.count == 2, parts[0].contains(":"), parts[0].allSatisfy("0123456789abcdefABCDEF:.".contains),
            !parts[1].isEmpty, parts[1].utf8.allSatisfy({ isalnum(Int32($0)) != 0 || "-._~".utf8.contains($0) })
        else { return nil }
        return parts[0]
    }

    private static func refused(_ why: String) -> BonafideError {
        BonafideError(.hostNotInConfig, detail: why)
    }

    var cleartextRefusal: BonafideError { BonafideError(.cleartextRefused, facts: ["host": host]) }
}

private let strange = CharacterSet(charactersIn: "%<>^|`{}\"\\/@?# \u{7f}").union(.controlCharacters)
