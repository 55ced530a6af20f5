// Keys and keychain, with Apple's signatures. A chain of one process in memory; keys are made and used by OpenSSL's
// command, so that what they sign is real.
import Foundation

public let errSecSuccess: OSStatus = 0
public let errSecParam: OSStatus = -50
public let errSecInteractionNotAllowed: OSStatus = -25308
public let errSecItemNotFound: OSStatus = -25300
