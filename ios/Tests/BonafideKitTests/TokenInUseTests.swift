import Foundation
import XCTest

@testable import BonafideKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Which bindings are let go first.
final class TokenInUseTests: XCTestCase {
    /// The core gives the same token again while it lives.
    func testATokenThatIsUsedAgainIsNew() {
        let bindings = TokenBindings()
        bindings.keep(Data("order".utf8), of: "in use")
        for number in 0..<TokenBindings.most {
            bindings.keep(Data("order".utf8), of: "in use")
            bindings.keep(Data("\(number)".utf8), of: "token \(number)")
        }
        var request = URLRequest(url: URL(string: "https://api.acme.com/")!)
        request.setValue("in use", forHTTPHeaderField: "Bonafide-Token")
        XCTAssertEqual(bindings.binding(of: request), Data("order".utf8))
    }
}
