import Foundation
import Security

/// The install key in the Secure Enclave, found through the keychain; in the simulator, which has none, in software.
///
/// It can be used from the first unlock after a boot on, with the phone locked again too, and never leaves the phone: no
/// backup and no transfer takes it along.
final class EnclaveKey: InstallKey {
    private let tag: Data
    private let group: String?
    /// False for an app extension: the app makes the key.
    private let mayMake: Bool
    private let inEnclave: Bool
    private let isUnlocked: @Sendable () -> Bool
    private let lock = NSLock()

    /// - Parameters:
    ///   - app: the app's id: without a group the keychain looks through all that the app belongs to, and other apps as well.
    ///   - name: of the protection: two of them have two keys.
    ///   - group: the keychain group that app and extensions share; nil: the app's own.
    ///   - isUnlocked: whether the phone has been unlocked since it was booted. Before that a key that is there may look as
    ///     if it were not.
    init(
        app: String, name: String, group: String?, mayMake: Bool, inEnclave: Bool, isUnlocked: @escaping @Sendable () -> Bool
    ) {
        tag = Data("io.bonafide.install-key.\(app).\(name)".utf8)
        (self.group, self.mayMake, self.inEnclave, self.isUnlocked) = (group, mayMake, inEnclave, isUnlocked)
    }

    func loadOrCreate() throws -> KeyFacts {
        lock.lock()
        defer { lock.unlock() }
        return try facts(of: try find() ?? make())
    }

    func sign(_ message: Data) throws -> Data {
        // Not made here: a signature by another key than the one that was named helps nobody.
        guard let key = try find() else { throw InstallKeyError.lost("it is not in the keychain any more") }
        var error: Unmanaged<CFError>?
        let input = NSData(data: message) as CFData
        guard let der = SecKeyCreateSignature(key, .ecdsaSignatureMessageX962SHA256, input, &error) else {
            throw Self.failure(error, "it does not sign")
        }
        guard let signature = EcdsaSignature.raw(der: Data(referencing: der as NSData)) else {
            throw InstallKeyError.failed("its signature is not ECDSA's")
        }
        return signature
    }

    func reset() throws {
        // It may be the app's, found through a group that both belong to.
        guard mayMake else {
            throw InstallKeyError.unavailable(
                group == nil
                    ? "an extension has no key of its own: name one appGroup in the app and in the extension"
                    : "an extension removes no key: open the app once")
        }
        let status = SecItemDelete(query([:]))
        guard status == errSecSuccess || status == errSecItemNotFound else { throw Self.failure(status, "it cannot be removed") }
    }

    private func find() throws -> SecKey? {
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query([kSecReturnRef: true]), &found)
        if status == errSecItemNotFound {
            // Before the first unlock nothing is found, and a key made now would replace the one that is there.
            guard isUnlocked() else { throw InstallKeyError.unavailable("the phone has not been unlocked since it was booted") }
            return nil
        }
        guard status == errSecSuccess, let found else { throw Self.failure(status, "it cannot be read") }
        return Self.key(found)
    }

    private func make() throws -> SecKey {
        guard mayMake else { throw InstallKeyError.unavailable("the app has not made it yet, and an extension makes none") }
        var error: Unmanaged<CFError>?
        let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, inEnclave ? .privateKeyUsage : [], &error)
        guard let access else { throw Self.failure(error, "it cannot be guarded") }
        var own: [CFString: Any] = [kSecAttrIsPermanent: true, kSecAttrApplicationTag: tag, kSecAttrAccessControl: access]
        own[kSecAttrAccessGroup] = group
        var wanted: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeySizeInBits: 256,
            kSecPrivateKeyAttrs: NSDictionary(dictionary: own),
        ]
        if inEnclave { wanted[kSecAttrTokenID] = kSecAttrTokenIDSecureEnclave }
        guard let key = SecKeyCreateRandomKey(NSDictionary(dictionary: wanted) as CFDictionary, &error) else {
            throw Self.failure(error, "it cannot be made")
        }
        return key
    }

    private func facts(of key: SecKey) throws -> KeyFacts {
        var error: Unmanaged<CFError>?
        guard let open = SecKeyCopyPublicKey(key), let point = SecKeyCopyExternalRepresentation(open, &error) else {
            throw Self.failure(error, "its public side cannot be read")
        }
        return KeyFacts(point: Data(referencing: point as NSData), level: inEnclave ? .hardware : .software)
    }

    private func query(_ more: [CFString: Any]) -> CFDictionary {
        var query: [CFString: Any] = [
            kSecClass: kSecClassKey, kSecAttrApplicationTag: tag, kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
        ]
        query[kSecAttrAccessGroup] = group
        query.merge(more) { $1 }
        return NSDictionary(dictionary: query) as CFDictionary
    }

    private static func key(_ found: CFTypeRef) -> SecKey {
        // The query asks for a reference to a key, and the keychain gives nothing else then.
        unsafeDowncast(found, to: SecKey.self)
    }

    private static func failure(_ error: Unmanaged<CFError>?, _ what: String) -> InstallKeyError {
        guard let error = error?.takeRetainedValue() else { return .failed(what) }
        let plain = error as any Error as NSError
        if plain.domain == NSOSStatusErrorDomain { return failure(OSStatus(truncatingIfNeeded: plain.code), what) }
        let why = "\(what) (\(plain.domain) \(plain.code))"
        // What the enclave answers for a key of another phone, or of the time before this one was erased.
        let lost = [-3 /* TKErrorCodeCorruptedData */, -6 /* TKErrorCodeObjectNotFound */]
        return plain.domain == "CryptoTokenKit" && lost.contains(plain.code) ? .lost(why) : .failed(why)
    }

    private static func failure(_ status: OSStatus, _ what: String) -> InstallKeyError {
        let why = "\(what) (OSStatus \(status))"
        return status == errSecInteractionNotAllowed ? .unavailable(why) : .failed(why)
    }
}
