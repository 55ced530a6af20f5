/// What ``Protection/checkPins(host:chain:)`` found. Complete: a later version adds no case.
public enum PinVerdict: Sendable, Equatable {
    /// The chain holds a certificate of this pin (`sha256/BASE64`): go on.
    case pinned(String)
    /// The config has no pins for the host, so that the platform's trust alone decides: go on.
    case unpinned
    /// No pin matched, and the host's mode is `report`: go on, and report it.
    case reportOnly(PinMismatch)
    /// No pin matched, and nothing may be sent.
    case mismatch(PinMismatch)
}

/// What did not match. Pins are `sha256/BASE64` of a certificate's SubjectPublicKeyInfo.
public struct PinMismatch: Sendable, Equatable {
    /// The host that was asked for.
    public let host: String
    /// The pins of the config in force.
    public let expected: [String]
    /// The pin of every certificate of the validated chain that could be read, leaf first. Where no chain could be validated
    /// (then there is a ``reason``): of what the server sent, or just the pin that this matches.
    public let served: [String]
    /// Why there is no match, where it is not simply that no pin is equal.
    public let reason: String?

    public init(host: String, expected: [String], served: [String], reason: String? = nil) {
        self.host = host
        self.expected = expected
        self.served = served
        self.reason = reason
    }
}

extension PinMismatch: CustomStringConvertible {
    /// The chain that was served with its pins, then the pins that the config expects, then the command to run next.
    public var description: String {
        var lines = ["The certificates that \(host) served match none of its pins. (\(StatusCode.pinMismatch.rawValue))"]
        if let reason { lines.append("  Reason: \(reason)") }
        lines.append("  Served, leaf first:")
        lines += served.isEmpty ? ["    nothing that could be validated"] : served.map { "    \($0)" }
        lines.append("  Expected, any of:")
        lines += expected.map { "    \($0)" }
        lines.append("  If it is not the server's certificate that was changed, somebody intercepts. Run next:")
        lines.append("    bonafide api check \(host)")
        return lines.joined(separator: "\n")
    }
}
