// What Swift itself adds to Foundation, as far as the sources and the compiler need it. Data, URL, JSONDecoder and their
// like are the real ones: swift-foundation's, which Apple's Foundation is made of too.
@_exported import CoreFoundation
@_exported import Dispatch
@_exported import Foundation
@_exported import FoundationEssentials
@_exported import Glibc
@_exported import ObjectiveC

// Where the compiler looks for what the headers' classes are bridged to.
public typealias Data = FoundationEssentials.Data
public typealias URL = FoundationEssentials.URL

public struct URLRequest: Hashable, Sendable {
    public init(url: URL) { stub() }
    public var url: URL?
    public var httpMethod: String?
    public var httpBody: Data?
    public var httpBodyStream: InputStream?
    public var allHTTPHeaderFields: [String: String]?
    public func value(forHTTPHeaderField field: String) -> String? { stub() }
    public mutating func setValue(_ value: String?, forHTTPHeaderField field: String) { stub() }
}

public struct CharacterSet: Sendable {
    public init(charactersIn string: String) { stub() }
    public static var controlCharacters: CharacterSet { stub() }
    public static var whitespaces: CharacterSet { stub() }
    public func contains(_ member: Unicode.Scalar) -> Bool { stub() }
    public func union(_ other: CharacterSet) -> CharacterSet { stub() }
}

public struct URLResourceValues: Sendable {
    public init() {}
    public var isExcludedFromBackup: Bool? {
        get { stub() }
        set { stub() }
    }
}

public enum URLResourceKey: Hashable, Sendable {
    case isExcludedFromBackupKey
}

extension URL {
    public mutating func setResourceValues(_ values: URLResourceValues) throws { stub() }
    public func resourceValues(forKeys keys: Set<URLResourceKey>) throws -> URLResourceValues { stub() }
}

extension FileManager {
    public struct DirectoryEnumerator: Sequence, IteratorProtocol {
        public mutating func next() -> Any? { stub() }
    }

    public func enumerator(atPath path: String) -> DirectoryEnumerator? { stub() }
    public func containerURL(forSecurityApplicationGroupIdentifier groupIdentifier: String) -> URL? { stub() }
}

extension String {
    public func replacingOccurrences(of target: String, with replacement: String) -> String { stub() }
    public func padding(toLength length: Int, withPad pad: String, startingAt index: Int) -> String { stub() }
}

extension NSString {
    public struct CompareOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }
        public static var regularExpression: CompareOptions { stub() }
    }

    public var pathExtension: String { stub() }
}

extension StringProtocol {
    public func range<Text: StringProtocol>(of text: Text, options: NSString.CompareOptions = []) -> Range<Index>? { stub() }
    public func trimmingCharacters(in set: CharacterSet) -> String { stub() }
    public func components<Separator: StringProtocol>(separatedBy separator: Separator) -> [String] { stub() }
}

public class JSONSerialization: NSObject {
    public struct WritingOptions: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }
        public static var withoutEscapingSlashes: WritingOptions { stub() }
    }

    public class func data(withJSONObject object: Any, options: WritingOptions = []) throws -> Data { stub() }
    public class func jsonObject(with data: Data) throws -> Any { stub() }
}

public class PropertyListSerialization: NSObject {
    public enum PropertyListFormat: UInt, Sendable {
        case xml = 100
    }

    public class func data(fromPropertyList plist: Any, format: PropertyListFormat, options: Int) throws -> Data { stub() }
}

extension Bundle {
    public convenience init(for aClass: AnyClass) { stub() }
}

extension URLCache {
    // Of the system's own headers Swift takes NSUInteger for Int.
    public convenience init(memoryCapacity: Int, diskCapacity: Int, directory: URL?) { stub() }
}

extension NSObject {
    public func setValue(_ value: Any?, forKey key: String) { stub() }
}

public func NSSelectorFromString(_ aSelectorName: String) -> Selector { stub() }

extension OperationQueue {
    // So it is since Foundation says of blocks what they may be sent to.
    public func addOperation(_ block: @escaping @Sendable () -> Void) { stub() }

    public class var current: OperationQueue? { stub() }

    public var underlyingQueue: DispatchQueue? {
        get { stub() }
        set { stub() }
    }
}

extension URLSession {
    public func getAllTasks(completionHandler: @escaping @Sendable ([URLSessionTask]) -> Void) { stub() }

    public func upload(
        for request: URLRequest, from body: Data, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (Data, URLResponse) { stub() }
}

extension URLSessionWebSocketTask {
    public enum Message: Sendable {
        case data(Data)
        case string(String)
    }

    public func send(_ message: Message) async throws { stub() }
    public func receive() async throws -> Message { stub() }
}

extension NSString {
    public convenience init(string: String) { stub() }
}

extension NSData {
    public convenience init(data: Data) { stub() }
}

extension Data {
    public init(referencing reference: NSData) { stub() }
}

// Errors.

extension NSError: @retroactive Error {}
extension CFError: @retroactive Error {}

extension Error {
    public var localizedDescription: String { stub() }
}

public func _convertNSErrorToError(_ error: NSError?) -> any Error { stub() }
public func _convertErrorToNSError(_ error: any Error) -> NSError { stub() }

public protocol _ErrorCodeProtocol: Equatable {
    associatedtype _ErrorType: _BridgedStoredNSError where _ErrorType.Code == Self
}

public protocol _BridgedStoredNSError: Error, Hashable {
    associatedtype Code: _ErrorCodeProtocol & RawRepresentable where Code.RawValue: FixedWidthInteger
    var _nsError: NSError { get }
    init(_nsError error: NSError)
    static var errorDomain: String { get }
}

extension _BridgedStoredNSError {
    public var code: Code { stub() }
    public var userInfo: [String: Any] { stub() }
    public init(_ code: Code, userInfo: [String: Any] = [:]) { stub() }
    public static func == (one: Self, other: Self) -> Bool { stub() }
    public func hash(into hasher: inout Hasher) { stub() }
}

public struct URLError: _BridgedStoredNSError {
    public let _nsError: NSError
    public init(_nsError error: NSError) { _nsError = error }
    public static var errorDomain: String { stub() }

    public struct Code: RawRepresentable, _ErrorCodeProtocol, Hashable, Sendable {
        public typealias _ErrorType = URLError
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
    }
}

extension URLError.Code {
    public static var appTransportSecurityRequiresSecureConnection: Self { stub() }
    public static var badServerResponse: Self { stub() }
    public static var cancelled: Self { stub() }
    public static var cannotConnectToHost: Self { stub() }
    public static var cannotCreateFile: Self { stub() }
    public static var httpTooManyRedirects: Self { stub() }
    public static var networkConnectionLost: Self { stub() }
    public static var resourceUnavailable: Self { stub() }
    public static var secureConnectionFailed: Self { stub() }
    public static var serverCertificateUntrusted: Self { stub() }
    public static var timedOut: Self { stub() }
    public static var unknown: Self { stub() }
}

extension URLError {
    public static var cancelled: Code { .cancelled }
}

// Bridges between the headers' classes and Swift's types.

public protocol Bridged: _ObjectiveCBridgeable {}

extension Bridged {
    public func _bridgeToObjectiveC() -> _ObjectiveCType { stub() }
    public static func _forceBridgeFromObjectiveC(_ source: _ObjectiveCType, result: inout Self?) { stub() }
    public static func _conditionallyBridgeFromObjectiveC(_ source: _ObjectiveCType, result: inout Self?) -> Bool { stub() }
    public static func _unconditionallyBridgeFromObjectiveC(_ source: _ObjectiveCType?) -> Self { stub() }
}

extension String: Bridged { public typealias _ObjectiveCType = NSString }
extension Data: Bridged { public typealias _ObjectiveCType = NSData }
extension URL: Bridged { public typealias _ObjectiveCType = NSURL }
extension URLRequest: Bridged { public typealias _ObjectiveCType = NSURLRequest }
extension Array: Bridged { public typealias _ObjectiveCType = NSArray }
extension Dictionary: Bridged { public typealias _ObjectiveCType = NSDictionary }
extension Int: Bridged { public typealias _ObjectiveCType = NSNumber }
extension Bool: Bridged { public typealias _ObjectiveCType = NSNumber }

func stub() -> Never { fatalError("these modules are only type-checked against") }
