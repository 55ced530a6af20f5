#if os(Linux)
// Of Linux alone: no other system has a disk that is always full (/dev/full).
import Foundation
import XCTest

@testable import BonafideKit

final class FullDiskTests: XCTestCase {
    private func failure(_ attempt: () throws -> Void) throws -> any Error {
        do { try attempt() } catch { return error }
        throw NSError(domain: "the system lets it happen", code: 0)
    }

    /// What Foundation makes of the kernel's own answers.
    func testTheSystemsOwnErrors() throws {
        let full = try failure { try Data("x".utf8).write(to: URL(fileURLWithPath: "/dev/full")) }
        XCTAssertTrue(StorageFolder.isUnlocked(although: full), "\(full)")
        var options = StartOptions()
        options.storage = try temporaryFolder().appendingPathComponent("new")
        let folder = try StorageFolder(options: options, app: "").make()
        XCTAssertTrue(folder.isUnlocked { _ in try Data("x".utf8).write(to: URL(fileURLWithPath: "/dev/full")) })
        let missing = try failure { try Data("x".utf8).write(to: URL(fileURLWithPath: "/nowhere/x")) }
        XCTAssertFalse(StorageFolder.isUnlocked(although: missing), "\(missing)")
    }
}
#endif
