// The compiler makes every Core Foundation type conform to this.
@_exported import CoreFoundation

public protocol _CFObject: AnyObject, Hashable {}

extension _CFObject {
    public static func == (one: Self, other: Self) -> Bool { fatalError("only type-checked against") }
    public var hashValue: Int { fatalError("only type-checked against") }
    public func hash(into hasher: inout Hasher) { fatalError("only type-checked against") }
}
