// Core Foundation's types, as far as Security's signatures name them: on Linux their Foundation twins.
import Foundation

public typealias CFArray = NSArray
public typealias CFData = NSData
public typealias CFDictionary = NSDictionary
public typealias CFError = NSError
public typealias CFString = NSString
public typealias CFTypeRef = AnyObject
public typealias CFAllocator = NSObject
public typealias OSStatus = Int32
