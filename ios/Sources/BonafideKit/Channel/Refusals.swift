import Foundation

/// Why tasks were stopped, until they end: by task, and by host for challenges that name no task.
///
/// A refused connection ends all that waited for it, at once. So a refusal of a host says nothing of a task that was
/// cancelled much later, or that began after it: that one waited for another connection.
final class Refusals: Sendable {
    /// A verdict may come after its task has ended, and the next task may have the same address: so the task itself is
    /// known, and not held.
    private struct Stopped {
        weak var task: AnyObject?
        let error: BonafideError
    }

    private struct Begun {
        weak var task: AnyObject?
        let number: Int
    }

    private struct OfHost {
        let error: BonafideError
        let number: Int
        let time: TimeInterval
    }

    private struct Content {
        var byTask = [ObjectIdentifier: Stopped]()
        var byHost = [String: OfHost]()
        var begun = [ObjectIdentifier: Begun]()
        /// Counts tasks and refusals in the order in which they came.
        var number = 0
        var mostBegun = 64
    }

    private let content = Locked(Content())
    private let now: @Sendable () -> TimeInterval

    /// - Parameter now: seconds that never go back; a test's stand still.
    init(now: @escaping @Sendable () -> TimeInterval = bootSeconds) {
        self.now = now
    }

    /// A task has been made. Of one that nobody has said this of, it is not known when.
    func begins(_ task: AnyObject) {
        content.with { content in
            if let known = content.begun[ObjectIdentifier(task)], known.task === task { return }
            if content.begun.count >= content.mostBegun {
                content.begun = content.begun.filter { $1.task != nil }
                content.mostBegun = max(64, 2 * content.begun.count)
            }
            content.number += 1
            content.begun[ObjectIdentifier(task)] = Begun(task: task, number: content.number)
        }
    }

    func put(_ error: BonafideError, task: AnyObject?, host: String?) {
        let now = now()
        content.with { content in
            guard let task else {
                guard let host else { return }
                content.byHost = content.byHost.filter { now - $1.time < Self.longest }
                content.number += 1
                content.byHost[Self.form(host)] = OfHost(error: error, number: content.number, time: now)
                return
            }
            content.byTask = content.byTask.filter { $1.task != nil }
            content.byTask[ObjectIdentifier(task)] = Stopped(task: task, error: error)
        }
    }

    /// A connection to it has passed: a task that is cancelled from now on was cancelled by somebody else.
    func forget(host: String) {
        content.with { _ = $0.byHost.removeValue(forKey: Self.form(host)) }
    }

    /// - Parameter host: of a task that a challenge of its host may have stopped; nil for any other. It may have stopped
    ///   many: all that waited for the same connection.
    func take(of task: AnyObject, host: String?) -> BonafideError? {
        let now = now()
        return content.with { content in
            let begun = content.begun.removeValue(forKey: ObjectIdentifier(task)).flatMap { $0.task === task ? $0.number : nil }
            if let stopped = content.byTask.removeValue(forKey: ObjectIdentifier(task)), stopped.task === task {
                return stopped.error
            }
            guard let refusal = host.flatMap({ content.byHost[Self.form($0)] }), now - refusal.time < Self.longest else { return nil }
            if let begun, begun > refusal.number { return nil }
            return refusal.error
        }
    }

    /// A URL may write its host in capitals or with the root's dot; a challenge names it as it was looked up.
    private static func form(_ host: String) -> String {
        let host = host.lowercased()
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }

    /// Seconds from a refusal to the end of what it stopped: far more than the system takes, for a delegate queue that is
    /// busy.
    static let longest: TimeInterval = 10
}
