#if canImport(Combine)
    import Combine
    import Foundation

    extension BonafideSession {
        /// As `URLSession.dataTaskPublisher(for:)`: one answer for each subscriber, and cancelling cancels the request.
        public func dataTaskPublisher(for request: URLRequest) -> AnyPublisher<(data: Data, response: URLResponse), URLError> {
            Deferred { [self] in
                let answer = PassthroughSubject<(data: Data, response: URLResponse), URLError>()
                let sending = Carried(answer)
                let running = Locked(Task<Void, Never>?.none)
                return answer.handleEvents(
                    receiveSubscription: { _ in
                        let task = Task { [self] in
                            do {
                                let (data, response) = try await data(for: request)
                                sending.value.send((data, response))
                                sending.value.send(completion: .finished)
                            } catch {
                                sending.value.send(completion: .failure(error as? URLError ?? URLError(.unknown)))
                            }
                        }
                        running.with { $0 = task }
                    },
                    receiveCancel: { running.with { $0?.cancel() } })
            }
            .eraseToAnyPublisher()
        }

        /// ``dataTaskPublisher(for:)`` for a URL.
        public func dataTaskPublisher(for url: URL) -> AnyPublisher<(data: Data, response: URLResponse), URLError> {
            dataTaskPublisher(for: URLRequest(url: url))
        }
    }
#endif
