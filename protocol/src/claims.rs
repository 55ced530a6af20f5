//! The token's claims (RFC 7519, RFC 7800).

use serde::{Deserialize, Serialize};

use crate::measurement::App;
use crate::tag::{TraceId, UserProperty};

/// The `typ` of a token.
pub const TOKEN_TYPE: &str = "bonafide-token+jwt";

/// What an attestation result says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `bonafide:<account>`, whatever the service's URL.
    pub iss: String,
    /// The host's audience.
    pub aud: String,
    /// The installation, pairwise per audience.
    pub sub: String,
    /// When it was issued, Unix seconds.
    pub iat: u64,
    /// When it ends, Unix seconds.
    pub exp: u64,
    /// Unique per token.
    pub jti: String,
    /// The session key that message signatures are made with.
    pub cnf: Confirmation,
    /// The app.
    pub app: App,
    /// Standard base64 of the SHA-256 of the data that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<String>,
    /// Findings that the policy opens to view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anno: Vec<String>,
    /// What the app said of its user. The app's own word: it decides nothing by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserProperty>,
    /// The id of the token request that this token answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// The key that a token belongs to (RFC 7800 section 3.1, RFC 9449 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its thumbprint (RFC 7638).
    pub jkt: String,
}

/// The issuer of an account's tokens.
pub fn issuer(account: &str) -> String {
    format!("bonafide:{account}")
}
