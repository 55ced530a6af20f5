import Foundation

/// Where the core keeps its records: never in a backup, and readable from the first unlock after a boot on, so that a
/// start in the background finds them.
struct StorageFolder: Sendable {
    let url: URL
    private let marks: any FolderMarks

    /// - Parameter app: the app's id: a group may be two apps'.
    /// - Throws: ``BonafideError`` `unsupportedEnvironment` where there is no such place.
    init(options: StartOptions, app: String, marks: any FolderMarks = SystemMarks()) throws {
        self.marks = marks
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
        url = [app, options.name].filter { !$0.isEmpty }.reduce(parent.appendingPathComponent("io.bonafide")) {
            $0.appendingPathComponent($1)
        }
    }

    /// Makes it. Where that fails, the core says so, and keeps what it learns in memory.
    func make() -> StorageFolder {
        try? create()
        return self
    }

    private func create() throws {
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true, attributes: [.protectionKey: Self.protection])
        // It may be of a time before this version. What is written into it inherits the protection.
        marks.protect(url, Self.protection)
        marks.excludeFromBackup(url)
    }

    /// No file of a stricter one could be read by a start in the background.
    private static let protection = FileProtectionType.completeUntilFirstUserAuthentication

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

/// What the system is told of a folder. A refusal is no reason not to use it.
protocol FolderMarks: Sendable {
    func protect(_ folder: URL, _ protection: FileProtectionType)
    func excludeFromBackup(_ folder: URL)
}

struct SystemMarks: FolderMarks {
    func protect(_ folder: URL, _ protection: FileProtectionType) {
        try? FileManager.default.setAttributes([.protectionKey: protection], ofItemAtPath: folder.path)
    }

    func excludeFromBackup(_ folder: URL) {
        var (folder, values) = (folder, URLResourceValues())
        values.isExcludedFromBackup = true
        try? folder.setResourceValues(values)
    }
}
