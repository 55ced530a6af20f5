import Foundation

/// Makes the settings of one start. ``check()`` looks at what needs no waiting; ``settings()`` does all the I/O.
struct Launch: Sendable {
    let options: StartOptions
    var app = AppFacts(of: .main)

    /// - Throws: ``BonafideError`` for an app without a config, and for options that cannot be used.
    func check() throws {
        try options.check()
        if case .mainBundle = options.initialConfig { _ = try app.configFile() }
    }

    func settings() throws -> Settings {
        let storage = try StorageFolder(options: options, app: app.id).make()
        let ports = ports(storage)
        return Settings(
            initialConfig: try initialConfig(),
            storage: storage.url,
            platform: .current,
            appId: app.id,
            appVersion: app.version,
            appBuild: app.build,
            artifacts: app.executable.map { [$0] } ?? [],
            developmentKey: options.developmentKey,
            requestTimeout: options.requestTimeout,
            logLevel: options.logLevel,
            installKey: ports.key,
            evidence: ports.evidence,
            connectivity: ports.network
        )
    }

    private struct Ports {
        var key: (any InstallKey)?
        var evidence: (any EvidenceSource)?
        var network: (any Connectivity)?
    }

    #if os(Linux)
        /// The core's own software key, and nothing else.
        private func ports(_ storage: StorageFolder) -> Ports { Ports() }
    #else
        private func ports(_ storage: StorageFolder) -> Ports {
            #if targetEnvironment(simulator)
                let inEnclave = false
            #else
                let inEnclave = true
            #endif
            return Ports(
                key: EnclaveKey(
                    app: app.id, name: options.name, group: options.appGroup, mayMake: !app.isExtension,
                    inEnclave: inEnclave, isUnlocked: { storage.isUnlocked }),
                // An extension uses what the app has had attested.
                evidence: app.isExtension ? nil : AppAttest(folder: storage.url),
                network: NetworkHint()
            )
        }
    #endif

    private func initialConfig() throws -> Data {
        switch options.initialConfig {
        case .data(let data): data
        case .file(let file): try read(file)
        case .mainBundle: try read(try app.configFile())
        }
    }

    private func read(_ file: URL) throws -> Data {
        do { return try Data(contentsOf: file) } catch {
            throw BonafideError(.badInitialConfig, facts: ["reason": "it cannot be read: \(error.localizedDescription)"])
        }
    }
}

extension Settings.Platform {
    static var current: Settings.Platform {
        #if os(Linux)
            .linux
        #else
            .ios
        #endif
    }
}
