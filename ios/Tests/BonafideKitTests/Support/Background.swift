import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension URLSessionConfiguration {
    /// Of a background session. Foundation on Linux has none: for Bonafide it is one there, for the system an ordinary one.
    static func inBackground(_ identifier: String) -> URLSessionConfiguration {
        #if os(Linux)
            let configuration = URLSessionConfiguration.default
            configuration.identifier = identifier
            return configuration
        #else
            return .background(withIdentifier: identifier)
        #endif
    }
}
