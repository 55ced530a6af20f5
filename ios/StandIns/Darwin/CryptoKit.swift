// CryptoKit, as far as the tests use it.
import Foundation

public enum Curve25519 {
    public enum Signing {
        public struct PrivateKey: Sendable {
            public init<Content: ContiguousBytes>(rawRepresentation data: Content) throws {}
            public func signature<Content: DataProtocol>(for data: Content) throws -> Data { fatalError("only type-checked against") }
        }
    }
}
