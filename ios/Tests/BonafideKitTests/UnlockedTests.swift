import Foundation
import XCTest

@testable import BonafideKit

/// "No space" is not "not unlocked yet": a phone with a full disk gets its key.
final class UnlockedTests: XCTestCase {
    private func posix(_ code: Int32) -> NSError { NSError(domain: NSPOSIXErrorDomain, code: Int(code)) }

    private func cocoa(_ code: CocoaError.Code, _ cause: NSError? = nil) -> NSError {
        NSError(domain: NSCocoaErrorDomain, code: code.rawValue, userInfo: cause.map { [NSUnderlyingErrorKey: $0] } ?? [:])
    }

    func testWantOfSpaceIsNotTheProtection() {
        let rows: [(NSError, Bool)] = [
            (cocoa(.fileWriteOutOfSpace), true), (posix(ENOSPC), true), (posix(EDQUOT), true),
            (cocoa(.fileWriteUnknown, posix(EDQUOT)), true), (cocoa(.fileWriteOutOfSpace, posix(ENOSPC)), true),
            // What the protection of a locked phone looks like, and what nobody knows.
            (posix(EPERM), false), (posix(EACCES), false), (cocoa(.fileWriteNoPermission, posix(EPERM)), false),
            (cocoa(.fileWriteNoPermission), false), (cocoa(.fileWriteUnknown, posix(EIO)), false), (cocoa(.fileNoSuchFile), false),
            (NSError(domain: "other", code: CocoaError.fileWriteOutOfSpace.rawValue), false),
            (NSError(domain: NSOSStatusErrorDomain, code: Int(ENOSPC)), false),
        ]
        for (error, expected) in rows { XCTAssertEqual(StorageFolder.isUnlocked(although: error), expected, "\(error)") }
    }

    func testAFolderThatIsMissingIsMade() throws {
        var options = StartOptions()
        options.storage = try temporaryFolder().appendingPathComponent("new")
        let folder = try StorageFolder(options: options, app: "")
        XCTAssertTrue(folder.isUnlocked)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.url.path), [])
        // A file where the folder should be: nothing can be made there, and nobody knows why.
        let file = folder.url.appendingPathComponent("file")
        try Data().write(to: file)
        options.storage = file
        XCTAssertFalse(try StorageFolder(options: options, app: "").isUnlocked)
    }
}
