internal import BonafideBindings
import Foundation

#if canImport(os)
    import os
#endif

/// How much Bonafide logs, under the subsystem `io.bonafide`. No level shows user data, a token, a key or a full URL.
public enum LogLevel: Sendable {
    /// Nothing.
    case off
    /// What needs somebody to act.
    case error
    /// Mismatches, refused documents, records that were set aside.
    case warn
    /// What changed: a start, a new config.
    case info
    /// Every step.
    case debug
}

/// The unified log; standard error where there is none.
final class SystemLog: BonafideBindings.Logger {
    func log(level: BonafideBindings.LogLevel, target: String, message: String) {
        #if canImport(os)
            // Public: the core's lines carry nothing that must not be seen.
            os.Logger(subsystem: "io.bonafide", category: target).log(level: level.system, "\(message, privacy: .public)")
        #else
            FileHandle.standardError.write(Data("bonafide \(level) \(target): \(message)\n".utf8))
        #endif
    }
}

#if canImport(os)
    extension BonafideBindings.LogLevel {
        fileprivate var system: OSLogType {
            switch self {
            case .off, .debug: .debug
            case .info: .info
            case .warn: .default
            case .error: .error
            }
        }
    }
#endif
