// XCTest, as far as the tests use it.
import Foundation

open class XCTestCase: NSObject {
    open func setUp() {}
    open func setUp() async throws {}
    open func setUpWithError() throws {}
    open func tearDown() {}
    open func tearDownWithError() throws {}
    public func addTeardownBlock(_ block: @escaping () -> Void) {}
    public func addTeardownBlock(_ block: @escaping @Sendable () async throws -> Void) {}
    public func expectation(description: String) -> XCTestExpectation { stub() }
    public func fulfillment(of expectations: [XCTestExpectation], timeout seconds: TimeInterval = .infinity) async {}
}

open class XCTestExpectation: NSObject, @unchecked Sendable {
    public var assertForOverFulfill = true
    public func fulfill() {}
}

public struct XCTSkip: Error {
    public init(_ message: @autoclosure () -> String? = nil, file: StaticString = #filePath, line: UInt = #line) {}
}

public func XCTFail(_ message: String = "", file: StaticString = #filePath, line: UInt = #line) {}

public func XCTAssertTrue(
    _ expression: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line
) {}

public func XCTAssertFalse(
    _ expression: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line
) {}

public func XCTAssertNil(
    _ expression: @autoclosure () throws -> Any?, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line
) {}

public func XCTAssertNotNil(
    _ expression: @autoclosure () throws -> Any?, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line
) {}

public func XCTAssertEqual<Value: Equatable>(
    _ one: @autoclosure () throws -> Value, _ other: @autoclosure () throws -> Value, _ message: @autoclosure () -> String = "",
    file: StaticString = #filePath, line: UInt = #line
) {}

public func XCTAssertNotEqual<Value: Equatable>(
    _ one: @autoclosure () throws -> Value, _ other: @autoclosure () throws -> Value, _ message: @autoclosure () -> String = "",
    file: StaticString = #filePath, line: UInt = #line
) {}

public func XCTAssertLessThan<Value: Comparable>(
    _ one: @autoclosure () throws -> Value, _ other: @autoclosure () throws -> Value, _ message: @autoclosure () -> String = "",
    file: StaticString = #filePath, line: UInt = #line
) {}

public func XCTAssertGreaterThan<Value: Comparable>(
    _ one: @autoclosure () throws -> Value, _ other: @autoclosure () throws -> Value, _ message: @autoclosure () -> String = "",
    file: StaticString = #filePath, line: UInt = #line
) {}

public func XCTAssertThrowsError<Value>(
    _ expression: @autoclosure () throws -> Value, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line, _ handler: (_ error: any Error) -> Void = { _ in }
) {}

public func XCTUnwrap<Value>(
    _ expression: @autoclosure () throws -> Value?, _ message: @autoclosure () -> String = "", file: StaticString = #filePath,
    line: UInt = #line
) throws -> Value { stub() }

public func XCTSkipIf(
    _ expression: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String? = nil, file: StaticString = #filePath,
    line: UInt = #line
) throws {}

public func XCTSkipUnless(
    _ expression: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String? = nil, file: StaticString = #filePath,
    line: UInt = #line
) throws {}

func stub() -> Never { fatalError("these modules are only type-checked against") }
