import Foundation

/// The status, for those who want to hear of each change.
///
/// Who tells of a change may be a thread of the core's, which must not call back into it: the status is read elsewhere.
final class StatusFeed: @unchecked Sendable {
    private struct Content {
        var streams = [UUID: AsyncStream<ProtectionStatus>.Continuation]()
        var told = true
    }

    private let content = Locked(Content())
    private let queue = DispatchQueue(label: "io.bonafide.status")

    /// Set once, before anything can change.
    var read: @Sendable () -> ProtectionStatus? = { nil }

    /// Returns at once; from any thread.
    func changed() {
        let first = content.with { content in
            defer { content.told = false }
            return content.told
        }
        if first { queue.async { self.tell() } }
    }

    func stream() -> AsyncStream<ProtectionStatus> {
        let id = UUID()
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            content.with { $0.streams[id] = continuation }
            continuation.onTermination = { [weak self] _ in self?.content.with { _ = $0.streams.removeValue(forKey: id) } }
            queue.async { [self] in
                if let status = read() { continuation.yield(status) }
            }
        }
    }

    private func tell() {
        // Before it is read: a change from now on is told again.
        content.with { $0.told = true }
        let status = read()
        for stream in content.with({ Array($0.streams.values) }) {
            if let status { stream.yield(status) }
            if status == nil || status?.phase == .closed { stream.finish() }
        }
    }
}
