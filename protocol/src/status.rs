//! The closed list of statuses: one table that the service, the core and both facades render from.
//!
//! `tests/vectors/statuses.json` is this table as data; a test holds the two together, and the facades' tests read it.

use std::fmt;

/// What the caller should do about a status. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// Try again later; nothing is wrong with the app.
    Retry,
    /// Somebody may be listening: nothing was sent.
    UntrustedChannel,
    /// The developer or the operator has to change something.
    Misconfigured,
    /// Bonafide is at fault.
    Bug,
}

impl StatusClass {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::UntrustedChannel => "untrusted_channel",
            Self::Misconfigured => "misconfigured",
            Self::Bug => "bug",
        }
    }
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $class:ident, $http:expr, $retry:literal, $message:literal, $next:literal;)*) => {
        /// A status, with a stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $(#[doc = $message] $name,)*
        }

        impl Status {
            /// Every status.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code, as headers and error bodies carry it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What the caller should do.
            pub fn class(self) -> StatusClass {
                match self { $(Self::$name => StatusClass::$class,)* }
            }

            /// The HTTP status that the service answers with, where it is the service that says so.
            pub fn http(self) -> Option<u16> {
                match self { $(Self::$name => $http,)* }
            }

            /// Whether the same call may succeed later without anybody changing anything.
            pub fn retry_helps(self) -> bool {
                match self { $(Self::$name => $retry,)* }
            }

            /// What is wrong, in a sentence without facts.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }

            /// What to do next.
            pub fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next,)* }
            }
        }
    };
}

statuses! {
    NoNetwork = "no_network", Retry, None, true,
        "The attestation service could not be reached.",
        "Check the device's network; the call is retried by itself.";
    PoorNetwork = "poor_network", Retry, None, true,
        "The attestation service did not answer in time.",
        "Nothing to do: the call is retried by itself.";
    ServiceUnavailable = "service_unavailable", Retry, Some(503), true,
        "The attestation service answered that it cannot serve now.",
        "Operators: run `bonafide doctor` and look at the service's log.";
    TooManyRequests = "too_many_requests", Retry, Some(429), true,
        "The attestation service was asked too often.",
        "Wait as long as Retry-After says.";
    KeyUnavailable = "key_unavailable", Retry, None, true,
        "The install key cannot be used right now, for instance because the device is locked.",
        "Nothing to do: the call is retried by itself.";
    ConfigStale = "config_stale", Retry, None, true,
        "The service has not been heard of for longer than the config allows.",
        "Check the device's network; operators: see `stale_after_seconds` in `bonafide config show`.";
    DocumentsRefused = "documents_refused", UntrustedChannel, None, false,
        "The attestation service sent documents that the app's roots do not vouch for, or older ones; what was held stays.",
        "Operators: run `bonafide doctor`; if the service was restored or stolen, `bonafide root rotate`.";
    PinMismatch = "pin_mismatch", UntrustedChannel, None, false,
        "The server's certificates match none of the pins.",
        "If the server's certificate was changed, run `bonafide api check HOST`; if not, somebody intercepts.";
    ServicePinMismatch = "service_pin_mismatch", UntrustedChannel, None, false,
        "The attestation service's certificate matches none of its pins.",
        "If the service's certificate was changed, run `bonafide doctor`; if not, somebody intercepts.";
    ServiceUntrusted = "service_untrusted", UntrustedChannel, None, false,
        "The attestation service's certificate is not trusted.",
        "Check the device's clock; operators: run `bonafide doctor`.";
    CleartextRefused = "cleartext_refused", UntrustedChannel, None, false,
        "A pinned or protected host was asked for over http.",
        "Use https for this URL.";
    NotStarted = "not_started", Misconfigured, None, false,
        "Bonafide was not started in time.",
        "Call start() once at launch, before the first request, and look at the error it reports.";
    BadInitialConfig = "bad_initial_config", Misconfigured, None, false,
        "The initial config cannot be used.",
        "Run `bonafide config export` and embed the file it writes.";
    BadDevelopmentKey = "bad_development_key", Misconfigured, None, false,
        "The development key cannot be read.",
        "Copy the whole key that `bonafide device dev-key create` showed; a release is given none.";
    HostNotInConfig = "host_not_in_config", Misconfigured, None, false,
        "The config does not protect this host.",
        "Run `bonafide api add https://HOST`.";
    UnsupportedClient = "unsupported_client", Misconfigured, None, false,
        "This HTTP client lacks what protection needs.",
        "Update the HTTP client to the version that the documentation names.";
    UnsupportedEnvironment = "unsupported_environment", Misconfigured, None, false,
        "This process cannot run Bonafide.",
        "Read the message: it says what the device or the process lacks. Start Bonafide in the app's own processes, on a CPU that the app is built for.";
    MalformedRequest = "malformed_request", Bug, Some(400), false,
        "The request is not of the form that the protocol has.",
        "Report it with the message and the version of the SDK.";
    RequestTooLarge = "request_too_large", Bug, Some(413), false,
        "The request is larger than the service reads.",
        "Report it with the version of the SDK.";
    SignatureInvalid = "signature_invalid", Bug, Some(400), false,
        "The request's signature does not verify with the key it names.",
        "Report it with the device's model and the version of the SDK.";
    ChallengeInvalid = "challenge_invalid", Retry, Some(400), true,
        "The challenge is not one that this service gave.",
        "Nothing to do: a new challenge is fetched by itself.";
    ChallengeExpired = "challenge_expired", Retry, Some(400), true,
        "The challenge has expired.",
        "Nothing to do: a new challenge is fetched by itself.";
    ChallengeSpent = "challenge_spent", Retry, Some(409), true,
        "The challenge has been used before.",
        "Nothing to do: a new challenge is fetched by itself.";
    UnknownAccount = "unknown_account", Misconfigured, Some(404), false,
        "The service has no such account.",
        "Embed the initial config that this service's `bonafide config export` writes.";
    Unauthorized = "unauthorized", Misconfigured, Some(401), false,
        "The operator's token is missing or unknown.",
        "Use the token that `bonafide init` wrote.";
    Forbidden = "forbidden", Misconfigured, Some(403), false,
        "The operator's token lacks the scope for this.",
        "Use a token with the scope that the message names.";
    NotFound = "not_found", Misconfigured, Some(404), false,
        "There is no such thing.",
        "List what there is and correct the name.";
    Conflict = "conflict", Misconfigured, Some(409), false,
        "What is there stands against it.",
        "Read the message; `--force` overrides where that is possible.";
    Internal = "internal_error", Bug, Some(500), true,
        "Something failed that should not.",
        "Report it with the log of the same time.";
}

impl Status {
    /// The status with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.code() == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message(), self.code())
    }
}
