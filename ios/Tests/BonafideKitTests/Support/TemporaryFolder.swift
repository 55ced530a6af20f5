import Foundation
import XCTest

extension XCTestCase {
    /// A new folder, gone with the test.
    func temporaryFolder() throws -> URL {
        let folder = TemporaryFolders.all.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
        return folder
    }
}

/// A core's stop waits for nothing: what it was writing makes a test's folder anew, after the test. That goes with the
/// process.
private enum TemporaryFolders {
    static let all: URL = {
        atexit { try? FileManager.default.removeItem(at: TemporaryFolders.all) }
        return FileManager.default.temporaryDirectory.appendingPathComponent("bonafide-tests-\(UUID().uuidString)")
    }()
}
