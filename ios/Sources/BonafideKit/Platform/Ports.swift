import Foundation

/// The P-256 key that identifies the installation. Every function may block for seconds, and is called on threads of
/// the core's own.
protocol InstallKey: AnyObject, Sendable {
    /// The key, made now if there is none yet.
    ///
    /// - Throws: ``InstallKeyError``.
    func loadOrCreate() throws -> KeyFacts

    /// Signs with ECDSA and SHA-256; 64 bytes, R and S (RFC 7518 section 3.4).
    func sign(_ message: Data) throws -> Data

    /// Removes the key. Fine if there is none.
    func reset() throws
}

/// The key's public side.
struct KeyFacts: Sendable, Equatable {
    /// How the platform says that it holds the key; what counts is what the evidence proves to the server.
    enum Level: Sendable { case software, hardware }

    /// The uncompressed point, `04 ‖ x ‖ y`, 65 bytes (SEC 1 section 2.3.3).
    let point: Data
    let level: Level
}

/// Why the install key cannot be used.
enum InstallKeyError: Error, Equatable {
    /// Not now, but it is there: a locked phone, a prewarmed start. Never remade for this.
    case unavailable(String)
    /// Gone for good. A new one is made, and the service sees a new installation.
    case lost(String)
    /// Another failure; tried again later, nothing is remade.
    case failed(String)
}

/// App Attest. May block for seconds, and is called on threads of the core's own.
protocol EvidenceSource: AnyObject, Sendable {
    /// Evidence that carries `boundHash`. With `anew` a key is made and attested; otherwise the key that was attested
    /// last makes an assertion.
    ///
    /// - Throws: ``EvidenceError``.
    func evidence(boundHash: Data, anew: Bool) throws -> AppAttestEvidence
}

struct AppAttestEvidence: Sendable, Equatable {
    /// 32 bytes.
    let keyId: Data
    /// Where the key is new.
    let attestation: Data?
    /// Where it was attested before.
    let assertion: Data?
}

/// Why there is no evidence.
enum EvidenceError: Error, Equatable {
    /// Not now: Apple's service is busy, throttled or unreachable. Asked again later.
    case unavailable(String)
    /// Never on this device.
    case unsupported(String)
    /// What was attested is gone. Asked again at once, with `anew`.
    case lost(String)
}

/// The network, as the system knows it. Does not block.
protocol Connectivity: AnyObject, Sendable {
    /// Whether there is a network; nil where the system does not say.
    func online() -> Bool?

    /// The HTTP proxy for `https` URLs, as `http://HOST:PORT`; nil without one.
    func proxy() -> String?
}
