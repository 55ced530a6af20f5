import BonafideKit
import BonafideTesting
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The code that docs/ios.md and the DocC catalogue show, compiled. `DocsTests` holds that they show just this.
enum Examples {
    static func quickstart() async throws -> (Data, URLResponse) {
        try Bonafide.start()
        let session = Bonafide.session()

        let (data, response) = try await session.data(from: URL(string: "https://api.acme.com/orders")!)
        return (data, response)
    }

    static func errors(session: BonafideSession, request: URLRequest, warn: (String) -> Void) async {
        do {
            _ = try await session.data(for: request)
        } catch {
            if error.bonafide?.statusClass == .untrustedChannel { warn("Somebody intercepts this connection.") }
        }
    }

    static func ownSession(mine: any URLSessionDelegate, request: inout URLRequest) async throws -> URLSession {
        let configuration = URLSessionConfiguration.default
        configuration.urlCache = nil
        let own = URLSession(configuration: configuration, delegate: PinningDelegate(forwardingTo: mine), delegateQueue: nil)
        try await Bonafide.protect(&request)
        return own
    }

    struct Protecting: RequestInterceptor {
        var protection: any Protection = Bonafide.protection

        func adapt(
            _ urlRequest: URLRequest, for session: Session, completion: @escaping @Sendable (Result<URLRequest, any Error>) -> Void
        ) {
            Task {
                do {
                    var request = urlRequest
                    try await protection.protect(&request)
                    completion(.success(request))
                } catch {
                    completion(.failure(error))
                }
            }
        }
    }

    static func alamofire(protection: any Protection = Bonafide.protection) -> Session {
        let queue = DispatchQueue(label: "com.acme.alamofire")
        let calls = OperationQueue()
        calls.maxConcurrentOperationCount = 1
        calls.underlyingQueue = queue
        let configuration = URLSessionConfiguration.default
        configuration.urlCache = nil
        let theirs = SessionDelegate()
        let pinning = PinningDelegate(forwardingTo: theirs, protection: protection)
        let session = URLSession(configuration: configuration, delegate: pinning, delegateQueue: calls)
        return Session(session: session, delegate: theirs, rootQueue: queue, interceptor: Protecting(protection: protection))
    }

    static func development(key: String) throws {
        var options = StartOptions()
        options.developmentKey = key
        try Bonafide.start(options)
    }

    static func testing() -> BonafideSession {
        let protection = FakeProtection()
        protection.protect("api.acme.com")
        protection.intercept("pay.acme.com")
        let tested = BonafideSession(protection: protection)
        return tested
    }
}
