import Foundation

/// ECDSA signatures on P-256, in their two forms.
enum EcdsaSignature {
    /// R and S, 32 bytes each (RFC 7518 section 3.4), of a DER sequence of two integers (RFC 3279 section 2.2.3); nil for
    /// anything else.
    static func raw(der: Data) -> Data? {
        var rest = [UInt8](der)[...]
        guard rest.popFirst() == 0x30, let length = rest.popFirst(), Int(length) == rest.count, length < 0x80 else { return nil }
        guard let r = integer(&rest), let s = integer(&rest), rest.isEmpty else { return nil }
        return r + s
    }

    private static func integer(_ rest: inout ArraySlice<UInt8>) -> Data? {
        guard rest.popFirst() == 0x02, let length = rest.popFirst(), length > 0, Int(length) <= rest.count else { return nil }
        let value = rest.prefix(Int(length)).drop { $0 == 0 }
        rest = rest.dropFirst(Int(length))
        guard value.count <= 32 else { return nil }
        return Data(repeating: 0, count: 32 - value.count) + Data(value)
    }
}
