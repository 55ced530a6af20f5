//! The messages between device and service: challenges, token requests, configs, reports, errors.

use serde::{Deserialize, Serialize};

use crate::development::DevelopmentProof;
use crate::evidence::{Evidence, EvidenceWanted, Previous, Rollout, pieces};
use crate::jwk::PublicKey;
use crate::measurement::{App, Measurement};
use crate::pin::Pin;
use crate::tag::{TraceId, UserProperty};

/// The header that says why a request carries no fresh token. Its value is a [`crate::status::Status`] code.
pub const STATUS_HEADER: &str = "Bonafide-Status";

/// The `typ` of a token request.
pub const TOKEN_REQUEST_TYPE: &str = "bonafide-attest+jwt";

/// The `typ` of a mismatch report.
pub const REPORT_TYPE: &str = "bonafide-report+jwt";

/// The longest token request or report that the service reads.
pub const MAX_REQUEST_BYTES: usize = 128 * 1024;

/// `POST /v1/challenges`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// Whose installation asks.
    pub account: String,
}

/// The answer to [`ChallengeRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// Opaque.
    pub challenge: String,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// The service's clock, Unix seconds.
    pub server_time: u64,
    /// Who is asked for evidence: a device's first request is after this answer.
    #[serde(default, skip_serializing_if = "Rollout::is_everybody")]
    pub rollout: Rollout,
}

/// The payload of `POST /v1/tokens`: a JWS by the install key, whose public half is the header's `jwk`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// A challenge that the service gave and nobody has spent.
    pub challenge: String,
    /// Whose installation asks.
    pub account: String,
    /// For which hosts the token is to be good.
    pub audience: String,
    /// The app.
    pub app: App,
    /// The version of Bonafide in the app.
    pub sdk_version: String,
    /// The document formats that the device reads.
    pub formats: Vec<u64>,
    /// The epoch of the config held.
    pub epoch: u64,
    /// The version of the config held.
    pub version: u64,
    /// What was measured.
    pub measurement: Measurement,
    /// Platform evidence, when due.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "pieces")]
    pub evidence: Vec<Evidence>,
    /// The install key before this one, in the first request by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// A fresh key that message signatures will be made with.
    pub session_key: PublicKey,
    /// Standard base64 of the SHA-256 of the data that the token is to be bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
    /// That the app runs for a developer. Whatever it proves, the token is good for a development audience only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<DevelopmentProof>,
    /// What the app says of its user, for the token's claim `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserProperty>,
    /// The id under which this request stands in every log; older devices send none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// The answer to a token request, pass or fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token, or a decoy: the device cannot tell.
    pub token: String,
    /// Seconds that it is good for.
    pub expires_in: u64,
    /// The service's clock, Unix seconds.
    pub server_time: u64,
    /// The challenge for the next request.
    pub next_challenge: String,
    /// Seconds until that challenge expires.
    pub next_challenge_expires_in: u64,
    /// The installation's id.
    pub installation: String,
    /// A code that support staff decode with `bonafide arc`.
    pub arc: String,
    /// When evidence is wanted anew. An older service does not say.
    #[serde(default)]
    pub evidence_wanted: EvidenceWanted,
    /// The documents that the device lacks.
    #[serde(flatten)]
    pub documents: Documents,
}

/// The documents that a device lacks; also the answer to `GET /v1/config?account=…&epoch=…&version=…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Signed roots above the device's epoch, oldest first.
    #[serde(default)]
    pub roots: Vec<String>,
    /// The newest signed config, where the device's is older.
    #[serde(default)]
    pub config: Option<String>,
}

/// The payload of `POST /v1/reports`: a JWS by the install key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whose installation reports.
    pub account: String,
    /// When the mismatch was seen, by the device's clock, Unix seconds.
    pub time: u64,
    /// The host that was asked for.
    pub host: String,
    /// The pins of the certificates that it served, leaf first.
    pub served: Vec<Pin>,
    /// The epoch of the config that expected others.
    pub epoch: u64,
    /// The version of that config.
    pub version: u64,
    /// The app.
    pub app: App,
    /// The version of Bonafide in the app.
    pub sdk_version: String,
    /// Whether the request was stopped (`enforce`) or went on (`report`).
    pub enforced: bool,
}

/// The body of every refusal by the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// A [`crate::status::Status`] code.
    pub code: String,
    /// What is wrong and what to do next, for people.
    pub message: String,
}
