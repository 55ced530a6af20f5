import Foundation
import XCTest

/// Bonafide replaces nobody's methods. What the finished library calls, scripts/ios/gate.py looks at.
final class SwizzlingTests: XCTestCase {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        .standardizedFileURL

    private static let names = [
        "method_exchangeImplementations", "class_replaceMethod", "method_setImplementation", "class_addMethod",
        "object_setClass", "imp_implementationWithBlock", "_dynamicReplacement",
        // What runs before the app does, in Objective-C and in what Swift makes of it.
        #"\+\s*\(\s*void\s*\)\s*(?:load|initialize)\b"#, #"@objc\(\s*(?:load|initialize)\s*\)"#,
        #"\b(?:class|static)\s+func\s+(?:load|initialize)\s*\(\s*\)"#,
    ]

    private func found(in text: String) -> [String] {
        Self.names.filter { text.range(of: $0, options: .regularExpression) != nil }
    }

    func testNoSourceSwizzles() throws {
        var files = 0
        for folder in ["ios/Sources", "core/src", "bindings/src"] {
            let place = root.appendingPathComponent(folder)
            let paths = try XCTUnwrap(FileManager.default.enumerator(atPath: place.path))
            for case let path as String in paths where ["swift", "m", "mm", "h", "c", "rs"].contains((path as NSString).pathExtension) {
                files += 1
                let text = try String(contentsOf: place.appendingPathComponent(path), encoding: .utf8)
                XCTAssertEqual(found(in: text), [], "\(folder)/\(path)")
            }
        }
        // Not an empty folder, nor another one.
        XCTAssertGreaterThan(files, 100)
    }

    func testWhatSwizzlesIsSeen() {
        let lines = [
            "method_exchangeImplementations(a, b)", "class_replaceMethod(type, selector, imp, nil)", "method_setImplementation(m, i)",
            "class_addMethod(type, selector, imp, \"v@:\")", "object_setClass(delegate, type)", "imp_implementationWithBlock(block)",
            "@_dynamicReplacement(for: resume())", "+ (void)load {", "+(void) initialize;", "@objc(load) static func start()",
            "override class func initialize() {}", "extern \"C\" { fn class_addMethod(); }",
        ]
        for line in lines { XCTAssertEqual(found(in: line).count, 1, line) }
        for line in ["func load() throws -> Key", "func loadOrCreate()", "fn load(&self)"] { XCTAssertEqual(found(in: line), [], line) }
    }
}
