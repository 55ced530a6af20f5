import Foundation

/// Tries what a request needs, one after the other.
struct Doctor {
    let lifecycle: Lifecycle

    func examine() async throws -> Diagnosis {
        let limit = lifecycle.timeout
        let engine: any Engine
        let status: ProtectionStatus
        do {
            engine = try await lifecycle.waitRunning(within: limit)
            status = try engine.status()
        } catch let error as CancellationError {
            throw error
        } catch {
            return Diagnosis(checks: [.init("start", failed: error)])
        }
        var checks = [Diagnosis.Check("start", true, "config epoch \(status.epoch), version \(status.version)")]
        if let key = status.developmentKey {
            checks.append(.init("development", true, "a DEVELOPMENT BUILD with the key \(key): \(neverRelease)"))
        }
        checks.append(storage(status))
        checks.append(
            try await tried("service", "reached; the config is the newest") { _ = try await engine.refresh(within: limit) })
        checks.append(
            try await tried("tokens", "there is one for every protected host") { try await engine.precheck(within: limit) })
        return Diagnosis(checks: checks)
    }

    private func storage(_ status: ProtectionStatus) -> Diagnosis.Check {
        guard let why = status.memoryOnly else {
            return .init("storage", true, "what is learnt is kept; the stored config was \(status.storedRecord ?? "unknown")")
        }
        return .init(
            "storage", false, "nothing survives the process: \(why)",
            nextStep: "Free space on the device, or give StartOptions.storage a folder that can be written to.")
    }

    private func tried(
        _ name: String, _ well: String, _ attempt: @escaping @Sendable () async throws -> Void
    ) async throws -> Diagnosis.Check {
        do {
            try await abandoning(attempt)
            return .init(name, true, well)
        } catch let error as CancellationError {
            throw error
        } catch {
            return .init(name, failed: error)
        }
    }
}

private let neverRelease =
    "its tokens are for +dev audiences only, so that the API itself refuses them; never release it"
