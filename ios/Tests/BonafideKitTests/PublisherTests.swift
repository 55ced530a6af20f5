import BonafideTesting
import Foundation
import XCTest

@testable import BonafideKit

#if canImport(Combine)
    import Combine
#endif
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Combine's way to a request.
final class PublisherTests: XCTestCase {
    func testAPublishersRequestIsProtectedAndItsRefusalIsTold() async throws {
        #if canImport(Combine)
            let stage = try RealStage.open()
            let fake = FakeProtection()
            fake.protect("localhost", token: "t1")
            let session = BonafideSession(protection: fake)
            let (bodies, failures) = (Locked([Data]()), Locked([URLError]()))

            func ends(_ url: URL) async {
                let ended = expectation(description: url.absoluteString)
                let subscription = session.dataTaskPublisher(for: url).sink(
                    receiveCompletion: { completion in
                        if case .failure(let error) = completion { failures.with { $0.append(error) } }
                        ended.fulfill()
                    }, receiveValue: { answer in bodies.with { $0.append(answer.data) } })
                await fulfillment(of: [ended], timeout: 30)
                subscription.cancel()
            }

            await ends(stage.echo)
            XCTAssertEqual(try bodies.now.map { try Echo($0).header("Bonafide-Token") }, ["t1"])
            fake.fail("localhost", .noNetwork)
            await ends(stage.echo)
            XCTAssertEqual(failures.now.map { $0.bonafide?.code }, [.noNetwork])
            XCTAssertEqual(bodies.now.count, 1)
        #else
            throw XCTSkip("Linux has no Combine")
        #endif
    }
}
