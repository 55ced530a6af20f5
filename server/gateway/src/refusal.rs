//! Why a request is refused: for the log, never for the client.

use bonafide_protocol::tag::TraceId;
use thiserror::Error;

/// Why a request is refused. The client is told none of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request carries no token.
    #[error("no token")]
    Missing,
    /// The request carries more than one token, of which another reader might take another.
    #[error("{count} token headers")]
    Duplicate {
        /// How many there are.
        count: usize,
    },
    /// Not a compact JWS (RFC 7515) with the claims of a token.
    #[error("malformed token: {part}")]
    Malformed {
        /// What could not be read.
        part: &'static str,
    },
    /// The header names another algorithm than the key has. `none` and algorithm confusion end here.
    #[error("algorithm {found:?}, but the key signs with {expected}")]
    Algorithm {
        /// What the key signs with.
        expected: &'static str,
        /// The header's `alg`, shortened.
        found: String,
    },
    /// Another kind of document: a config, say, or somebody else's JWT.
    #[error("type {:?}, expected {:?}", named(.found), bonafide_protocol::claims::TOKEN_TYPE)]
    Type {
        /// The header's `typ`, shortened.
        found: Option<String>,
    },
    /// No key with this id is published, even after a look at what is published now.
    #[error("unknown key {:?}", named(.kid))]
    UnknownKid {
        /// The header's `kid`, shortened.
        kid: Option<String>,
    },
    /// The signature is not the key's: a forgery, or a decoy where no decoy keys are at hand.
    #[error("the signature does not verify")]
    Signature,
    /// A decoy: the service appraised the installation and rejected it. `bonafide appraisals` says why.
    #[error("a decoy: the service rejected installation {installation}")]
    Decoy {
        /// The installation that the decoy names.
        installation: String,
        /// The token request that it answers, if the device gave it an id.
        trace: Option<TraceId>,
    },
    /// The token has ended.
    #[error("expired {ago} s ago")]
    Expired {
        /// Seconds since its end.
        ago: u64,
        /// The installation that it was given to.
        installation: String,
        /// The token request that it answers, if the device gave it an id.
        trace: Option<TraceId>,
    },
    /// The token is from the future: one of the two clocks is wrong.
    #[error("issued {ahead} s in the future")]
    NotYetValid {
        /// Seconds until its time of issue.
        ahead: u64,
    },
    /// The token is good for another audience.
    #[error("audience {found:?}, expected {expected:?}")]
    Audience {
        /// This API's audience.
        expected: String,
        /// The token's.
        found: String,
    },
    /// The token is of another account or issuer.
    #[error("issuer {found:?}, expected {expected:?}")]
    Issuer {
        /// The account's issuer.
        expected: String,
        /// The token's.
        found: String,
    },
    /// The API demands binding, and the token or the data that it would be bound to is missing.
    #[error("binding is demanded, and the {missing} is missing")]
    BindingMissing {
        /// Which of the two.
        missing: &'static str,
    },
    /// The token is bound to other data: it was taken from another request or user.
    #[error("the token is bound to other data")]
    BindingMismatch,
    /// The forward-auth request names no host, several, or one without an audience.
    #[error("no audience is configured for host {:?}", named(.host))]
    Host {
        /// The host, if exactly one was named, shortened.
        host: Option<String>,
    },
}

impl Refusal {
    /// The stable code in logs, counters and, in monitor mode, the result headers.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Duplicate { .. } => "duplicate",
            Self::Malformed { .. } => "malformed",
            Self::Algorithm { .. } => "algorithm",
            Self::Type { .. } => "typ",
            Self::UnknownKid { .. } => "unknown_kid",
            Self::Signature => "signature",
            Self::Decoy { .. } => "decoy",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Audience { .. } => "audience",
            Self::Issuer { .. } => "issuer",
            Self::BindingMissing { .. } => "binding_missing",
            Self::BindingMismatch => "binding_mismatch",
            Self::Host { .. } => "host",
        }
    }

    /// The installation, where a signature vouches for its name.
    pub fn installation(&self) -> Option<&str> {
        match self {
            Self::Decoy { installation, .. } | Self::Expired { installation, .. } => Some(installation),
            _ => None,
        }
    }

    /// The id of the token request, where a signature vouches for it: the service's log has it too.
    pub fn trace(&self) -> Option<&TraceId> {
        match self {
            Self::Decoy { trace, .. } | Self::Expired { trace, .. } => trace.as_ref(),
            _ => None,
        }
    }
}

/// What of a client's text goes to the log: enough to recognise it, too little to flood.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// What a client named, or that it named nothing. Escaped by whoever prints it: it is a foreign text.
fn named(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("(none)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_operators_read_is_no_debug_output() {
        for named in [None, Some("x\n".to_owned())] {
            for refusal in [
                Refusal::Type { found: named.clone() },
                Refusal::UnknownKid { kid: named.clone() },
                Refusal::Host { host: named.clone() },
            ] {
                let said = refusal.to_string();
                assert!(!said.contains("Some(") && !said.contains("None"), "{said}");
                assert!(!said.contains('\n'), "a foreign text starts no line of its own: {said:?}");
            }
        }
    }
}
