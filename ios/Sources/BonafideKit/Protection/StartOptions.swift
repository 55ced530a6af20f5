import Foundation

/// What a start may be given; everything has a default.
public struct StartOptions: Sendable {
    /// Where the file is that `bonafide config export` wrote.
    public enum InitialConfig: Sendable {
        /// `bonafide.config` in the app's bundle; an app extension without one takes the app's.
        case mainBundle
        /// A file elsewhere.
        case file(URL)
        /// Its bytes.
        case data(Data)
    }

    /// Where the file is that `bonafide config export` wrote.
    public var initialConfig = InitialConfig.mainBundle

    /// Keeps protections of one app apart, in storage and keychain: two accounts need two. Letters, digits, `.`, `_` and
    /// `-`, not beginning with a dot, at most 64.
    public var name = "default"

    /// The app group that the app and its extensions share, for instance `group.com.acme.app`. With it, they have one
    /// storage folder and one install key: the app, given the same group, makes and attests the key, and an extension
    /// uses it. An extension never makes a key, and never attests.
    public var appGroup: String?

    /// The folder of Bonafide's records; nil: one in Application Support, or in the group's container.
    public var storage: URL?

    /// The most that a call waits, in seconds, unless it says otherwise.
    public var requestTimeout: TimeInterval = defaultWait

    /// How much is logged. The log is the process's: the last start wins.
    public var logLevel = LogLevel.info

    /// For a developer's build, the key that `bonafide device dev-key create` showed; nil in a release. With one, every
    /// token is for the audience's `+dev` twin, which the API itself refuses.
    public var developmentKey: String?

    public init() {}
}

extension StartOptions {
    /// - Throws: ``BonafideError`` for a name or limit that cannot be used.
    func check() throws {
        let letters = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        guard (1...64).contains(name.utf8.count), !name.hasPrefix("."), name.unicodeScalars.allSatisfy(letters.contains) else {
            throw BonafideError(.unsupportedEnvironment, detail: "StartOptions.name cannot be a folder's: \(name)")
        }
        guard requestTimeout > 0 else {
            throw BonafideError(.unsupportedEnvironment, detail: "StartOptions.requestTimeout is not positive.")
        }
    }
}
