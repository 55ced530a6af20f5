#if canImport(Combine)
    import Combine
    import Foundation

    extension BonafideSession {
        /// As `URLSession.dataTaskPublisher(for:)`: one answer for each subscriber, and cancelling cancels the request.
        public func dataTaskPublisher(for request: URLRequest) -> AnyPublisher<(data: Data, response: URLResponse), URLError> {
            Deferred { [self] in
                let running = Locked(Task<Void, Never>?.none)
                // A future keeps the answer for a subscriber that asks for it later.
                let answer = Future<(data: Data, response: URLResponse), URLError> { promise in
                    let promised = Carried(promise)
                    let task = Task { [self] in
                        do {
                            let (body, response) = try await self.data(for: request)
                            promised.value(.success((data: body, response: response)))
                        } catch {
                            promised.value(.failure(error as? URLError ?? URLError(.unknown)))
                        }
                    }
                    running.with { $0 = task }
                }
                return answer.handleEvents(receiveCancel: { running.with { $0?.cancel() } })
            }
            .eraseToAnyPublisher()
        }

        /// ``dataTaskPublisher(for:)`` for a URL.
        public func dataTaskPublisher(for url: URL) -> AnyPublisher<(data: Data, response: URLResponse), URLError> {
            dataTaskPublisher(for: URLRequest(url: url))
        }
    }
#endif
