import Foundation
import XCTest

@testable import BonafideKit

/// The core's records are in no backup, and readable from the first unlock on.
final class FolderMarksTests: XCTestCase {
    func testTheFolderIsMarkedWhenItIsMadeAndWhenItIsThere() throws {
        let marks = Marks()
        var options = StartOptions()
        options.storage = try temporaryFolder().appendingPathComponent("new/storage")
        let folder = try StorageFolder(options: options, app: "", marks: marks)
        XCTAssertEqual(marks.told.now, [])
        let path = folder.url.path
        let told = ["\(path) \(FileProtectionType.completeUntilFirstUserAuthentication.rawValue)", "\(path) in no backup"]
        _ = folder.make()
        XCTAssertEqual(marks.told.now, told, "a new folder")
        _ = folder.make()
        XCTAssertEqual(marks.told.now, told + told, "one of a version before this")
    }

    /// As far as a system without backups and without protection keeps anything of it.
    func testTheSystemsMarksHarmNothing() throws {
        let folder = try temporaryFolder()
        try Data("x".utf8).write(to: folder.appendingPathComponent("record"))
        SystemMarks().protect(folder, .completeUntilFirstUserAuthentication)
        SystemMarks().excludeFromBackup(folder)
        XCTAssertEqual(try Data(contentsOf: folder.appendingPathComponent("record")), Data("x".utf8))
        #if !os(Linux)
            let values = try URL(fileURLWithPath: folder.path).resourceValues(forKeys: [.isExcludedFromBackupKey])
            XCTAssertEqual(values.isExcludedFromBackup, true)
        #endif
    }
}

private final class Marks: FolderMarks {
    let told = Locked([String]())

    func protect(_ folder: URL, _ protection: FileProtectionType) {
        told.with { $0.append("\(folder.path) \(protection.rawValue)") }
    }

    func excludeFromBackup(_ folder: URL) {
        told.with { $0.append("\(folder.path) in no backup") }
    }
}
