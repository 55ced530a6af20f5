import Foundation

/// Decides whether a connection to a host may be used, and heals what can be healed.
struct ChannelGuard: Sendable {
    enum Judgement: Sendable {
        /// Nothing stands against it; the app's own delegate, or else the system, has the next word.
        case passed
        /// Nothing may be sent.
        case refused(BonafideError)
    }

    let protection: any Protection
    /// The most that one connection waits, in seconds.
    let wait: TimeInterval

    /// Where nothing has to be waited for but the system's evaluation, which blocks; nil elsewhere. Needs no thread of Swift's
    /// pool: an app may have blocked them all for the very request.
    func judgeAtOnce(host: String, trust: ServerTrust?) -> Judgement? {
        guard protection.configRevision > 0, let rules = try? protection.rules(for: host) else { return nil }
        guard rules.pinned else { return .passed }
        guard let chain = try? trust?.evaluate(for: host) else { return nil }
        switch protection.checkPins(host: host, chain: chain) {
        case .pinned, .unpinned: return .passed
        case .mismatch, .reportOnly: return nil
        }
    }

    func judge(host: String, trust: ServerTrust?) async -> Judgement {
        let budget = Budget(wait)
        let rules: HostRules
        do {
            if protection.configRevision == 0 { try await protection.waitUntilStarted(within: budget.left) }
            rules = try protection.rules(for: host)
        } catch {
            return .refused(error.bonafide ?? BonafideError(.internalError, facts: ["host": host], detail: "\(error)"))
        }
        guard rules.pinned else { return .passed }
        let chain: [Data]
        do {
            guard let trust else { throw ServerTrust.Refused(why: "the challenge carries no certificates") }
            chain = try await trust.evaluated(for: host)
        } catch {
            // Without a validated chain newer pins would match none either. Where pins are only reported, the system and
            // the app decide; that enforcing would refuse is reported, for an app may trust an authority of its own.
            let mismatch = untrusted(host, error)
            protection.reportMismatch(mismatch)
            return rules.enforced ? .refused(BonafideError(mismatch: mismatch)) : .passed
        }
        var verdict = protection.checkPins(host: host, chain: chain)
        if case .mismatch = verdict {
            verdict = await protection.recheckPins(host: host, chain: chain, within: budget.left)
        }
        switch verdict {
        case .pinned, .unpinned:
            return .passed
        case .reportOnly(let mismatch):
            protection.reportMismatch(mismatch)
            return .passed
        case .mismatch(let mismatch):
            protection.reportMismatch(mismatch)
            return .refused(BonafideError(mismatch: mismatch))
        }
    }

    /// What came is named, although nobody vouches for it: it tells an authority of one's own from an interception.
    private func untrusted(_ host: String, _ error: any Error) -> PinMismatch {
        let presented = (error as? ServerTrust.Refused)?.presented ?? []
        let (expected, served): ([String], [String]) =
            switch protection.checkPins(host: host, chain: presented) {
            case .mismatch(let found), .reportOnly(let found): (found.expected, found.served)
            case .pinned(let pin): ([pin], [pin])
            case .unpinned: ([], [])
            }
        return PinMismatch(host: host, expected: expected, served: served, reason: "\(error)")
    }
}
