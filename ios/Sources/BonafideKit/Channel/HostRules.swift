/// What the config says of one host.
public struct HostRules: Sendable, Equatable {
    /// False for a host that the config does not name: it is allowed, unpinned, and never gets a token.
    public let listed: Bool
    /// True where a mismatch stops the request.
    public let enforced: Bool
    /// True where a mismatch is at least reported, so that the chain has to be checked.
    public let pinned: Bool
    /// True where requests carry a token.
    public let protected: Bool
    /// Equal for hosts with equal pins and mode, and different after either has changed. Empty where it is not pinned.
    public let pinSet: String
    /// The name of the header that carries the token.
    public let tokenHeader: String

    public init(listed: Bool, enforced: Bool, pinned: Bool, protected: Bool, pinSet: String, tokenHeader: String) {
        self.listed = listed
        self.enforced = enforced
        self.pinned = pinned
        self.protected = protected
        self.pinSet = pinSet
        self.tokenHeader = tokenHeader
    }
}
