use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::key::P256Key;
use bonafide_protocol::status::Status;

/// What a request leaves with.
#[derive(Clone)]
pub struct TokenLease {
    /// The name of the header that carries the token.
    pub header: String,
    /// The token; `None` when there never was one. It may have expired: then `status` says why there is no other.
    pub token: Option<String>,
    /// Why there is no valid token; the value of the header [`bonafide_protocol::message::STATUS_HEADER`].
    pub status: Option<Status>,
    /// How long the token is good for; zero when it is not.
    pub valid_for: Duration,
    /// How long a caller may reuse this lease without asking again, since nothing has to be refreshed; often zero.
    pub fresh_for: Duration,
    /// The key that the token names in `cnf`: message signatures of requests with this token are made with it.
    pub session_key: Option<Arc<P256Key>>,
}

impl fmt::Debug for TokenLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenLease")
            .field("header", &self.header)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("status", &self.status)
            .field("valid_for", &self.valid_for)
            .finish_non_exhaustive()
    }
}
