/// The user property that was set last, told to the engine once there is one.
final class UserProperty: Sendable {
    private struct Content {
        var value: String?
        var engine: (any Engine)?
    }

    private let content = Locked(Content())

    var value: String? { content.with { $0.value } }

    func set(_ wanted: String?) throws {
        try content.with { content in
            if let wanted, !Self.hasForm(wanted) { throw refusal("it has 1 to 128 characters of visible ASCII, without a space or a comma") }
            // An engine that was closed meanwhile gives no tokens any more.
            if let engine = content.engine, let why = try? engine.setUserProperty(wanted) { throw refusal(why) }
            content.value = wanted
        }
    }

    /// From now on `engine` is told; it asks for no token before.
    func tell(_ engine: any Engine) {
        content.with { content in
            content.engine = engine
            if let value = content.value { _ = try? engine.setUserProperty(value) }
        }
    }

    /// As the protocol has it; before a start there is no core to ask.
    private static func hasForm(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x2c }
    }

    private func refusal(_ why: String) -> BonafideError {
        BonafideError(.malformedRequest, detail: "The user property is refused: \(why).")
    }
}
