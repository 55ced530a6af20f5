import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The configuration of one of the system's sessions: the app's, less what answers in a server's place.
enum InnerConfiguration {
    /// - Parameters:
    ///   - isPinned: whether requests to pinned hosts go by it.
    ///   - tokenHeader: as far as it is known.
    static func make(
        of apps: URLSessionConfiguration, isPinned: Bool, tokenHeader: String?
    ) -> URLSessionConfiguration {
        let copy = apps.copy() as? URLSessionConfiguration ?? apps
        RequestGuard.clean(copy, tokenHeader: tokenHeader)
        #if canImport(Darwin)
            // From iOS 26 on a request may go out with its token before a certificate is seen (0-RTT). By its name: older
            // SDKs do not know it.
            if copy.responds(to: NSSelectorFromString("setEnablesEarlyData:")) { copy.setValue(false, forKey: "enablesEarlyData") }
        #endif
        guard isPinned else { return copy }
        // One of the app's, or of a tool that came with it, gets request and token and answers, and no server is looked at.
        copy.protocolClasses = systems(copy.protocolClasses)
        // What another session has stored came from a server that nobody has looked at; and on the disk a request lies there
        // with its token. Where there is none, the app wants none.
        if copy.urlCache != nil { copy.urlCache = .inMemory(mostKept) }
        return copy
    }

    /// The system finds its own there, too.
    private static func systems(_ all: [AnyClass]?) -> [AnyClass]? {
        #if canImport(Darwin)
            all?.filter { Bundle(for: $0).bundleIdentifier?.hasPrefix("com.apple.") == true }
        #else
            all?.filter { String(reflecting: $0).hasPrefix("FoundationNetworking.") }
        #endif
    }

    /// As much as a session of the system's keeps in memory if nobody says otherwise, about.
    private static let mostKept = 1 << 19
}

extension URLCache {
    static func inMemory(_ capacity: Int) -> URLCache {
        #if canImport(Darwin)
            URLCache(memoryCapacity: capacity, diskCapacity: 0, directory: nil)
        #else
            URLCache(memoryCapacity: capacity, diskCapacity: 0, diskPath: nil)
        #endif
    }
}
