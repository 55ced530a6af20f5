// App Attest, with Apple's signatures. What Apple's server answers, the test says.
import Foundation

open class DCAppAttestService: NSObject, @unchecked Sendable {
    nonisolated(unsafe) public static var standIn = DCAppAttestService()

    open class var shared: DCAppAttestService { standIn }

    open var isSupported: Bool { false }

    open func generateKey(completionHandler: @escaping @Sendable (String?, (any Error)?) -> Void) {
        completionHandler(nil, DCError(.featureUnsupported))
    }

    open func attestKey(
        _ keyId: String, clientDataHash: Data, completionHandler: @escaping @Sendable (Data?, (any Error)?) -> Void
    ) {
        completionHandler(nil, DCError(.featureUnsupported))
    }

    open func generateAssertion(
        _ keyId: String, clientDataHash: Data, completionHandler: @escaping @Sendable (Data?, (any Error)?) -> Void
    ) {
        completionHandler(nil, DCError(.featureUnsupported))
    }
}

public struct DCError: Error, Equatable, Sendable {
    public enum Code: Int, Sendable {
        case unknownSystemFailure = 0
        case featureUnsupported = 1
        case invalidInput = 2
        case invalidKey = 3
        case serverUnavailable = 4
    }

    public let code: Code

    public init(_ code: Code) {
        self.code = code
    }
}
