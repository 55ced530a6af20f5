import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The bytes of an answer, as they come. One reader.
///
/// Once they and their iterator are dropped, or the task that waits for the next one is cancelled, the transfer ends. Held
/// and not read, they keep it waiting when a mebibyte has come, and with it the end of its session: read them, drop them, or
/// call ``BonafideSession/invalidateAndCancel()``.
public struct BonafideBytes: AsyncSequence, Sendable {
    public typealias Element = UInt8

    private let chunks: AsyncThrowingStream<Data, any Error>
    private let taken: @Sendable (Int) -> Void

    /// - Parameter taken: told how many bytes the reader got.
    init(_ chunks: AsyncThrowingStream<Data, any Error>, taken: @escaping @Sendable (Int) -> Void) {
        (self.chunks, self.taken) = (chunks, taken)
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(chunks.makeAsyncIterator(), taken: taken)
    }

    /// Ends with the answer, or with the error that broke it off.
    public struct Iterator: AsyncIteratorProtocol {
        private var chunks: AsyncThrowingStream<Data, any Error>.Iterator
        private var chunk = Data().makeIterator()
        private let taken: @Sendable (Int) -> Void

        fileprivate init(
            _ chunks: AsyncThrowingStream<Data, any Error>.Iterator, taken: @escaping @Sendable (Int) -> Void
        ) {
            (self.chunks, self.taken) = (chunks, taken)
        }

        public mutating func next() async throws -> UInt8? {
            while true {
                if let byte = chunk.next() { return byte }
                guard let more = try await chunks.next() else {
                    // A reader that is cancelled ends the stream without a word.
                    if Task.isCancelled { throw URLError(.cancelled) }
                    return nil
                }
                taken(more.count)
                chunk = more.makeIterator()
            }
        }
    }
}
