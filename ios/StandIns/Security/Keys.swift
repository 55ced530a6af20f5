// Keys and keychain, with Apple's signatures. A keychain of one process, in memory; keys are made and used by OpenSSL's
// command, so that what they sign is real.
import Foundation

public let errSecSuccess: OSStatus = 0
public let errSecParam: OSStatus = -50
public let errSecInteractionNotAllowed: OSStatus = -25308
public let errSecItemNotFound: OSStatus = -25300

nonisolated(unsafe) public let kSecAttrAccessControl: CFString = "accc"
nonisolated(unsafe) public let kSecAttrAccessGroup: CFString = "agrp"
nonisolated(unsafe) public let kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly: CFString = "cku"
nonisolated(unsafe) public let kSecAttrApplicationTag: CFString = "atag"
nonisolated(unsafe) public let kSecAttrIsPermanent: CFString = "perm"
nonisolated(unsafe) public let kSecAttrKeySizeInBits: CFString = "bsiz"
nonisolated(unsafe) public let kSecAttrKeyType: CFString = "type"
nonisolated(unsafe) public let kSecAttrKeyTypeECSECPrimeRandom: CFString = "73"
nonisolated(unsafe) public let kSecAttrTokenID: CFString = "tkid"
nonisolated(unsafe) public let kSecAttrTokenIDSecureEnclave: CFString = "com.apple.setoken"
nonisolated(unsafe) public let kSecClass: CFString = "class"
nonisolated(unsafe) public let kSecClassKey: CFString = "keys"
nonisolated(unsafe) public let kSecPrivateKeyAttrs: CFString = "private"
nonisolated(unsafe) public let kSecReturnRef: CFString = "r_Ref"

public struct SecAccessControlCreateFlags: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let privateKeyUsage = SecAccessControlCreateFlags(rawValue: 1 << 30)
}

public final class SecAccessControl {
    public let standInProtection: String
    public let standInFlags: SecAccessControlCreateFlags

    init(_ protection: String, _ flags: SecAccessControlCreateFlags) {
        (standInProtection, standInFlags) = (protection, flags)
    }
}

public struct SecKeyAlgorithm: Sendable {
    public static let ecdsaSignatureMessageX962SHA256 = SecKeyAlgorithm()
}

public final class SecKey {
    /// PKCS #8 or, of a public key, the SubjectPublicKeyInfo.
    let der: Data
    public let standInAttributes: NSDictionary

    init(_ der: Data, _ attributes: NSDictionary) {
        (self.der, standInAttributes) = (der, attributes)
    }
}

/// What the keychain holds, and how it answers.
public final class StandInKeychain: @unchecked Sendable {
    public static let shared = StandInKeychain()

    public var keys = [SecKey]()
    /// What finding and removing answer in place of their work.
    public var status: OSStatus?
    /// What making a key answers in place of its work: a phone that is locked again makes one where it reads none.
    public var makingStatus: OSStatus?
    /// What signing fails with.
    public var signingError: NSError?

    public func forget() {
        (keys, status, makingStatus, signingError) = ([], nil, nil, nil)
    }

    fileprivate func matches(_ query: NSDictionary) -> [SecKey] {
        keys.filter { key in
            [kSecAttrApplicationTag, kSecAttrAccessGroup].allSatisfy { name in
                guard let wanted = query[name] else { return true }
                let own = key.standInAttributes[kSecPrivateKeyAttrs] as? NSDictionary
                return "\(own?[name] ?? "")" == "\(wanted)"
            }
        }
    }
}

public func SecAccessControlCreateWithFlags(
    _ allocator: CFAllocator?, _ protection: CFTypeRef, _ flags: SecAccessControlCreateFlags,
    _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> SecAccessControl? {
    SecAccessControl("\(protection)", flags)
}

public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    if let status = StandInKeychain.shared.status { return status }
    guard let key = StandInKeychain.shared.matches(query).first else { return errSecItemNotFound }
    result?.pointee = key
    return errSecSuccess
}

public func SecItemDelete(_ query: CFDictionary) -> OSStatus {
    if let status = StandInKeychain.shared.status { return status }
    let gone = StandInKeychain.shared.matches(query)
    StandInKeychain.shared.keys.removeAll { key in gone.contains { $0 === key } }
    return gone.isEmpty ? errSecItemNotFound : errSecSuccess
}

public func SecKeyCreateRandomKey(_ parameters: CFDictionary, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?) -> SecKey? {
    if let status = StandInKeychain.shared.makingStatus {
        error?.pointee = .passRetained(NSError(domain: NSOSStatusErrorDomain, code: Int(status)))
        return nil
    }
    let key = SecKey(
        openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER"]), parameters)
    StandInKeychain.shared.keys.append(key)
    return key
}

public func SecKeyCopyPublicKey(_ key: SecKey) -> SecKey? {
    SecKey(openssl(["pkey", "-inform", "DER", "-in", "KEY", "-pubout", "-outform", "DER"], key: key.der), key.standInAttributes)
}

public func SecKeyCopyExternalRepresentation(_ key: SecKey, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?) -> CFData? {
    // The point stands at the end of a SubjectPublicKeyInfo.
    NSData(data: key.der.suffix(65))
}

public func SecKeyCreateSignature(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ dataToSign: CFData, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> CFData? {
    if let failure = StandInKeychain.shared.signingError {
        error?.pointee = .passRetained(failure)
        return nil
    }
    return NSData(
        data: openssl(
            ["dgst", "-sha256", "-sign", "KEY", "-keyform", "DER", "INPUT"], key: key.der, input: Data(referencing: dataToSign)))
}

private func openssl(_ arguments: [String], key: Data = Data(), input: Data = Data()) -> Data {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    let files = ["KEY": key, "INPUT": input]
    let process = Process()
    let output = Pipe()
    do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, content) in files { try content.write(to: folder.appendingPathComponent(name)) }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.map { files[$0] == nil ? $0 : folder.appendingPathComponent($0).path }
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
    } catch {
        fatalError("openssl: \(error)")
    }
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
    precondition(process.terminationStatus == 0, "openssl \(arguments)")
    return answer
}
