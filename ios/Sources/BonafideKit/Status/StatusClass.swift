/// What the caller should do about a ``StatusCode``. Complete: a later version adds no class.
public enum StatusClass: String, Sendable, CaseIterable {
    /// Try again later; nothing is wrong with the app.
    case retry
    /// Somebody may be listening: nothing was sent. Retrying by itself is no remedy.
    case untrustedChannel = "untrusted_channel"
    /// The developer or the operator has to change something.
    case misconfigured
    /// Bonafide is at fault.
    case bug
}
