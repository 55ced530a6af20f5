import Foundation

/// What one start is given, as the platform found it.
struct Settings: Sendable {
    enum Platform: Sendable { case ios, linux }

    var initialConfig: Data
    /// The folder of the core's records.
    var storage: URL
    var platform: Platform
    var appId: String
    var appVersion: String
    var appBuild: String
    /// The files that make up the app, whose digests are measured.
    var artifacts: [URL]
    var developmentKey: String?
    var requestTimeout: TimeInterval
    var logLevel: LogLevel
    /// The install key; nil: a software key in the storage folder.
    var installKey: (any InstallKey)?
    /// App Attest; nil: no evidence.
    var evidence: (any EvidenceSource)?
    /// The network, as the system knows it: a hint, which decides nothing; nil: unknown.
    var connectivity: (any Connectivity)?
}

/// The version of this SDK, as token requests carry it.
let sdkVersion = "0.1.0"
