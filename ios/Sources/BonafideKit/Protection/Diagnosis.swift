/// What ``BonafideProtection/diagnose()`` found; its description is a table to read.
public struct Diagnosis: Sendable, CustomStringConvertible {
    /// One check.
    public struct Check: Sendable, CustomStringConvertible {
        /// What was looked at.
        public let name: String
        /// Whether it is well.
        public let ok: Bool
        /// What was seen.
        public let detail: String
        /// What to do; nil when it is well.
        public let nextStep: String?

        public var description: String {
            "\(ok ? "ok    " : "FAILED")  \(name): \(detail)" + (nextStep.map { "\n        \($0)" } ?? "")
        }
    }

    /// What was looked at, in order; what comes after a failed one may rest on it.
    public let checks: [Check]

    /// True when every check is well.
    public var healthy: Bool { checks.allSatisfy(\.ok) }

    public var description: String { checks.map(\.description).joined(separator: "\n") }
}

extension Diagnosis.Check {
    init(_ name: String, _ ok: Bool, _ detail: String, nextStep: String? = nil) {
        (self.name, self.ok, self.detail, self.nextStep) = (name, ok, detail, nextStep)
    }

    init(_ name: String, failed error: any Error) {
        self.init(name, false, error.bonafide?.seen ?? "\(error)", nextStep: error.bonafide?.nextStep)
    }
}
