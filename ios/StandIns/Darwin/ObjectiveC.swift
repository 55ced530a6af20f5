// What Swift itself adds to the Objective-C runtime, as far as the sources and the compiler need it.
@_exported import ObjectiveC

public struct Selector: Hashable, @unchecked Sendable {
    var pointer: OpaquePointer
}

public struct ObjCBool {
    public var boolValue: Bool
}

public func _convertBoolToObjCBool(_ value: Bool) -> ObjCBool { stub() }
public func _convertObjCBoolToBool(_ value: ObjCBool) -> Bool { stub() }

extension NSObject: Equatable, Hashable {
    public static func == (one: NSObject, other: NSObject) -> Bool { stub() }
    public func hash(into hasher: inout Hasher) { stub() }
}

func stub() -> Never { fatalError("these modules are only type-checked against") }
