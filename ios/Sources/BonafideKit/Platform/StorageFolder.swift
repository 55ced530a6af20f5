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

    /// Makes it, with the attributes that what is written into it inherits. Where that fails, the core says so, and keeps
    /// what it learns in memory.
    func make() -> StorageFolder {
        let attributes: [FileAttributeKey: Any] = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        let files = FileManager.default
        try? files.createDirectory(at: url, withIntermediateDirectories: true, attributes: attributes)
        try? files.setAttributes(attributes, ofItemAtPath: url.path)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        var url = url
        try? url.setResourceValues(values)
        return self
    }
    /// Whether the phone has been unlocked since it was booted: before that, no file of this protection can be made.
    var isUnlocked: Bool {
        let canary = url.appendingPathComponent("unlocked-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: canary) }
        return FileManager.default.createFile(
            atPath: canary.path, contents: Data("x".utf8),
            attributes: [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication])
    }
}
