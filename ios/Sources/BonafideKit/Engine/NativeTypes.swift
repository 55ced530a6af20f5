internal import BonafideBindings
import Foundation

extension HostRules {
    init(_ rules: NativeRules) {
        self.init(
            listed: rules.listed, enforced: rules.enforced, pinned: rules.pinned, protected: rules.protectedHost,
            pinSet: rules.pinSet, tokenHeader: rules.tokenHeader)
    }
}

extension PinVerdict {
    init(_ verdict: NativeVerdict) {
        switch verdict {
        case .pinned(let pin): self = .pinned(pin)
        case .unpinned: self = .unpinned
        case .reportOnly(let mismatch): self = .reportOnly(PinMismatch(mismatch))
        case .mismatch(let mismatch): self = .mismatch(PinMismatch(mismatch))
        }
    }
}

extension PinMismatch {
    init(_ mismatch: NativeMismatch) {
        self.init(
            host: mismatch.host, expected: mismatch.expected, served: mismatch.served, reason: mismatch.reason)
    }

    var native: NativeMismatch {
        NativeMismatch(host: host, expected: expected, served: served, reason: reason)
    }
}

extension Lease {
    init(_ lease: NativeLease) {
        self.init(header: lease.header, token: lease.token, status: lease.status.map(StatusCode.of))
    }
}

extension ProtectionStatus {
    init(_ status: NativeStatus, installationId: String?) {
        self.init(phase: .running)
        configRevision = status.revision
        epoch = status.epoch
        version = status.version
        lastContact = status.lastContactMs.map { TimeInterval($0) / 1000 }
        configFailure = status.configFailure.map(StatusCode.of)
        tokenFailure = status.tokenFailure.map(StatusCode.of)
        reportFailure = status.reportFailure.map(StatusCode.of)
        memoryOnly = status.memoryOnly
        storedRecord = status.storedRecord
        keyLevel = status.keyLevel
        developmentKey = status.developmentKey
        tokenTrace = status.tokenTrace
        self.installationId = installationId
    }
}

extension Settings {
    var native: NativeSettings {
        NativeSettings(
            initialConfig: initialConfig,
            storage: storage.path,
            platform: platform == .ios ? .ios : .linux,
            appId: appId,
            appVersion: appVersion,
            appBuild: appBuild,
            artifacts: artifacts.map(\.path),
            sdkVersion: sdkVersion,
            developmentKey: developmentKey,
            requestDeadlineMs: requestTimeout.milliseconds
        )
    }

    func ports(_ events: EngineEvents) -> NativePorts {
        NativePorts(
            installKey: installKey.map(KeyPort.init),
            evidence: evidence.map(AppAttestPort.init),
            // The core asks for none on iOS.
            properties: nil,
            connectivity: connectivity.map(NetworkPort.init),
            observer: Observer(events)
        )
    }
}

extension LogLevel {
    var native: BonafideBindings.LogLevel {
        switch self {
        case .off: .off
        case .error: .error
        case .warn: .warn
        case .info: .info
        case .debug: .debug
        }
    }
}
