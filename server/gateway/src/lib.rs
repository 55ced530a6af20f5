//! Verification of Bonafide tokens in front of an API.
//!
//! Three ways in, one judgement: [`TokenVerifier`] for code of one's own, [`BonafideLayer`] for tower services (axum,
//! tonic, hyper), and [`forward_auth`] for proxies that ask before they pass a request on (nginx `auth_request`,
//! Traefik, Caddy, Envoy).
//!
//! Whatever the reason for a refusal, the client sees the same bare 401; the reason is in the log and in the counter
//! `bonafide_gateway_requests_total`.

mod audiences;
mod cache;
mod check;
mod clock;
mod forward;
mod gate;
mod keys;
mod layer;
mod refusal;
mod result;
mod source;
mod verifier;

pub use audiences::{Audiences, HostAudiences, MixedAudiences};
pub use cache::{KeyCache, KeyCacheSettings};
pub use clock::{Clock, SystemClock};
pub use forward::{ForwardAuth, HostSource, forward_auth};
pub use gate::{BindingRule, Gate, GateSettings, Judgement, Mode};
pub use keys::{KeySet, UnusableKeys};
pub use layer::{BonafideLayer, BonafideService};
pub use refusal::Refusal;
pub use result::{
    ANNOTATIONS_HEADER, APP_HEADER, INSTALLATION_HEADER, REASON_HEADER, RESULT_HEADER, TRACE_HEADER, USER_HEADER,
    strip_result_headers,
};
pub use source::{FetchError, JwksFile, JwksUrl, KeySource};
pub use verifier::{Freshness, Grace, Keys, TokenVerifier, Verified, VerifierSettings};
