import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The bytes of an answer, as they come. One reader.
public struct BonafideBytes: AsyncSequence, Sendable {
    public typealias Element = UInt8

    private let chunks: AsyncThrowingStream<Data, any Error>

    init(_ chunks: AsyncThrowingStream<Data, any Error>) {
        self.chunks = chunks
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(chunks.makeAsyncIterator())
    }

    /// Ends with the answer, or with the error that broke it off.
    public struct Iterator: AsyncIteratorProtocol {
        private var chunks: AsyncThrowingStream<Data, any Error>.Iterator
        private var chunk = Data().makeIterator()

        fileprivate init(_ chunks: AsyncThrowingStream<Data, any Error>.Iterator) {
            self.chunks = chunks
        }

        public mutating func next() async throws -> UInt8? {
            while true {
                if let byte = chunk.next() { return byte }
                guard let more = try await chunks.next() else {
                    // A reader that is cancelled ends the stream without a word.
                    if Task.isCancelled { throw URLError(.cancelled) }
                    return nil
                }
                chunk = more.makeIterator()
            }
        }
    }
}
