import Foundation

/// Where the core keeps its records: never in a backup, and readable from the first unlock after a boot on, so that a
/// start in the background finds them.
struct StorageFolder: Sendable {
    let url: URL

    /// - Throws: ``BonafideError`` `unsupportedEnvironment` where there is no such place.
    init(options: StartOptions) throws {
        if let storage = options.storage {
            url = storage
            return
        }
        let files = FileManager.default
        let parent: URL?
        if let group = options.appGroup {
            #if canImport(Darwin)
                parent = files.containerURL(forSecurityApplicationGroupIdentifier: group)?
                    .appendingPathComponent("Library/Application Support")
            #else
                parent = nil
            #endif
            guard parent != nil else {
                throw BonafideError(
                    .unsupportedEnvironment, facts: ["app_group": group],
                    detail: "The app has no such group: add it to the target's capabilities.")
            }
        } else {
            parent = files.urls(for: .applicationSupportDirectory, in: .userDomainMask).first
        }
        guard let parent else {
            throw BonafideError(.unsupportedEnvironment, facts: ["storage": "unavailable"])
        }
        url = parent.appendingPathComponent("io.bonafide").appendingPathComponent(options.name)
    }

    /// Makes it. Where that fails, the core says so, and keeps what it learns in memory.
    func make() -> StorageFolder {
        try? create()
        return self
    }

    /// With the attributes that what is written into it inherits.
    private func create() throws {
        let attributes: [FileAttributeKey: Any] = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        let files = FileManager.default
        try files.createDirectory(at: url, withIntermediateDirectories: true, attributes: attributes)
        // It may be of a time before this version.
        try? files.setAttributes(attributes, ofItemAtPath: url.path)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        var url = url
        try? url.setResourceValues(values)
    }

    /// Whether the phone has been unlocked since it was booted: before that, no file of this protection can be made.
    var isUnlocked: Bool {
        isUnlocked { try Data("x".utf8).write(to: $0, options: .completeFileProtectionUntilFirstUserAuthentication) }
    }

    func isUnlocked(write: (URL) throws -> Void) -> Bool {
        let canary = url.appendingPathComponent("unlocked-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: canary) }
        do {
            // Missing where there was no space for it at the start.
            try create()
            try write(canary)
            return true
        } catch {
            return Self.isUnlocked(although: error)
        }
    }

    /// Whether a file could not be made for want of space alone: that says nothing of the protection, and the key needs
    /// no file. Whatever else stands against it may be the protection.
    static func isUnlocked(although error: any Error) -> Bool {
        let error = error as NSError
        switch (error.domain, error.code) {
        case (NSCocoaErrorDomain, CocoaError.fileWriteOutOfSpace.rawValue): return true
        case (NSPOSIXErrorDomain, Int(ENOSPC)), (NSPOSIXErrorDomain, Int(EDQUOT)): return true
        default:
            guard let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error else { return false }
            return isUnlocked(although: cause)
        }
    }
}
