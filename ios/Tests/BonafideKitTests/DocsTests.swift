import Foundation
import XCTest

/// What the pages show is compiled, word by word; indentation aside.
final class DocsTests: XCTestCase {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")

    func testShownCodeIsCompiled() throws {
        for page in ["docs/ios.md", "ios/Sources/BonafideKit/BonafideKit.docc/BonafideKit.md"] {
            let text = try read(page)
            let blocks = blocks(of: text)
            XCTAssertFalse(blocks.isEmpty, page)
            XCTAssertEqual(blocks.count, text.components(separatedBy: "```swift").count - 1, "\(page) shows Swift that is not marked")
            for (file, code) in blocks {
                let compiled = lines(of: try read(file))
                let shown = lines(of: code)
                let isCompiled = compiled.indices.contains { compiled[$0...].starts(with: shown) }
                XCTAssertTrue(isCompiled, "\(page) shows what \(file) does not hold:\n\(code)")
            }
        }
    }

    private func blocks(of text: String) -> [(file: String, code: String)] {
        text.components(separatedBy: "<!-- compiled: ").dropFirst().compactMap { part in
            let pieces = part.components(separatedBy: " -->\n```swift\n")
            guard pieces.count == 2, let code = pieces[1].components(separatedBy: "```").first else { return nil }
            return (pieces[0], code)
        }
    }

    private func lines(of text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private func read(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
