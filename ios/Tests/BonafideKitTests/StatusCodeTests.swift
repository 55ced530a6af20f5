import XCTest

@testable import BonafideKit

final class StatusCodeTests: XCTestCase {}
