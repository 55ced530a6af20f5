import Foundation
import XCTest

@testable import BonafideKit

final class EcdsaSignatureTests: XCTestCase {
    func testSignaturesChangeTheirForm() {
        let (one, high) = (Data(repeating: 0, count: 31) + [1], Data(repeating: 0xff, count: 32))
        XCTAssertEqual(EcdsaSignature.raw(der: Data([0x30, 6, 2, 1, 1, 2, 1, 1])), one + one)
        XCTAssertEqual(EcdsaSignature.raw(der: Data([0x30, 38, 2, 33, 0]) + high + Data([2, 1, 1])), high + one)
        let refused: [Data] = [
            Data(), Data([0x30]), Data([0x31, 6, 2, 1, 1, 2, 1, 1]), Data([0x30, 6, 2, 1, 1, 2, 1]),
            Data([0x30, 7, 2, 1, 1, 2, 1, 1]), Data([0x30, 3, 2, 1, 1]), Data([0x30, 6, 2, 0, 1, 2, 1, 1]),
            Data([0x30, 8, 2, 1, 1, 2, 1, 1, 2, 1]), Data([0x30, 38, 2, 33, 1]) + high + Data([2, 1, 1]),
        ]
        for der in refused { XCTAssertNil(EcdsaSignature.raw(der: der), "\(Array(der))") }
    }
}
