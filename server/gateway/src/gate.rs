//! The judgement of a request by its headers: what the layer and the forward-auth endpoint share.

use axum::http::{HeaderMap, HeaderName};
use bonafide_protocol::message::STATUS_HEADER;
use bonafide_protocol::status::Status;
use bonafide_protocol::tag::TraceId;

use crate::check::Binding;
use crate::refusal::Refusal;
use crate::verifier::{Freshness, TokenVerifier, Verified};

const DEFAULT_TOKEN_HEADER: HeaderName = HeaderName::from_static("bonafide-token");

/// What becomes of a request that the verifier refuses. Complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It gets a bare 401.
    #[default]
    Enforce,
    /// It passes, and what would have become of it is logged, counted and told to the API: for the first days.
    Monitor,
}

/// What a gate looks at.
#[derive(Clone, Debug)]
pub struct GateSettings {
    /// The header that carries the token: the config's `token.header`.
    pub token_header: HeaderName,
    /// What becomes of a request that is refused.
    pub mode: Mode,
    /// Whether tokens have to be bound to a part of the request. `None`: it is not looked at.
    pub binding: Option<BindingRule>,
}

/// To which header's value (`Authorization`, say) a token has to be bound, so that a stolen one is worth nothing
/// beside another user's session. Complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingRule {
    /// Every token has to be bound to it.
    Demanded(HeaderName),
    /// A token that is bound has to be bound to it; others pass, before the user has logged in, for instance.
    IfBound(HeaderName),
}

impl Default for GateSettings {
    fn default() -> Self {
        Self { token_header: DEFAULT_TOKEN_HEADER, mode: Mode::Enforce, binding: None }
    }
}

/// Judges requests. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    verifier: TokenVerifier,
    settings: GateSettings,
}

/// What was judged of one request. The layer leaves it in the extensions of the *response*, for logs.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The claims, or why there are none.
    pub outcome: Result<Verified, Refusal>,
    /// What the device said of itself in `Bonafide-Status`; a claim of anybody's, that nothing is decided by.
    pub device_status: Option<Status>,
    mode: Mode,
}

impl Judgement {
    /// Whether the request goes on to the API.
    pub fn passes(&self) -> bool {
        self.outcome.is_ok() || self.mode == Mode::Monitor
    }

    /// The stable code of the outcome: `verified`, `grace`, or the refusal's reason.
    pub fn reason(&self) -> &'static str {
        match &self.outcome {
            Ok(Verified { freshness: Freshness::Fresh, .. }) => "verified",
            Ok(Verified { freshness: Freshness::Grace { .. }, .. }) => "grace",
            Err(refusal) => refusal.reason(),
        }
    }

    /// The installation, where a signature vouches for its name.
    pub fn installation(&self) -> Option<&str> {
        match &self.outcome {
            Ok(verified) => Some(&verified.claims.sub),
            Err(refusal) => refusal.installation(),
        }
    }

    /// The id of the token request, where a signature vouches for it: the service's log has it too.
    pub fn trace(&self) -> Option<&str> {
        match &self.outcome {
            Ok(verified) => verified.claims.trace.as_ref(),
            Err(refusal) => refusal.trace(),
        }
        .map(TraceId::as_str)
    }
}

impl Gate {
    /// A gate in front of an API.
    pub fn new(verifier: TokenVerifier, settings: GateSettings) -> Self {
        Self { verifier, settings }
    }

    /// The header that carries the token.
    pub fn token_header(&self) -> &HeaderName {
        &self.settings.token_header
    }

    /// Judges a request to an API with this audience by its headers; logs and counts the outcome.
    pub async fn judge(&self, headers: &HeaderMap, audience: &str) -> Judgement {
        let outcome = self.verify(headers, audience).await;
        self.judgement(outcome, headers)
    }

    /// A request for which there is not even an audience.
    pub(crate) fn refuse(&self, refusal: Refusal, headers: &HeaderMap) -> Judgement {
        self.judgement(Err(refusal), headers)
    }

    async fn verify(&self, headers: &HeaderMap, audience: &str) -> Result<Verified, Refusal> {
        let token = match single(headers, &self.settings.token_header) {
            Ok(Some(value)) => value,
            Ok(None) => return Err(Refusal::Missing),
            Err(count) => return Err(Refusal::Duplicate { count }),
        };
        let token = std::str::from_utf8(token).map_err(|_| Refusal::Malformed { part: "not ASCII" })?;
        // Of two values the API may take the other one.
        let data = |name| single(headers, name).map_err(|_| Refusal::BindingMismatch);
        let binding = match &self.settings.binding {
            None => Binding::NotDemanded,
            Some(BindingRule::Demanded(name)) => Binding::Demanded(data(name)?),
            Some(BindingRule::IfBound(name)) => Binding::IfBound(data(name)?),
        };
        self.verifier.judge(token, audience, binding).await
    }

    fn judgement(&self, outcome: Result<Verified, Refusal>, headers: &HeaderMap) -> Judgement {
        let device_status =
            headers.get(STATUS_HEADER).and_then(|value| value.to_str().ok()).and_then(Status::from_code);
        let judgement = Judgement { outcome, device_status, mode: self.settings.mode };
        record(&judgement);
        judgement
    }
}

/// The value of a header that may be there once; how often it is there if more.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, usize> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.count()) {
        (first, 0) => Ok(first.map(|value| value.as_bytes())),
        (_, more) => Err(more + 1),
    }
}

fn record(judgement: &Judgement) {
    let reason = judgement.reason();
    let passed = judgement.passes();
    let (installation, trace) = (judgement.installation(), judgement.trace());
    let device_status = judgement.device_status.map_or("none", Status::code);
    match &judgement.outcome {
        Ok(_) => tracing::debug!(reason, installation, trace, device_status, "request verified"),
        Err(refusal) => {
            tracing::info!(reason, installation, trace, device_status, passed, detail = %refusal, "request refused");
        }
    }
    metrics::counter!(
        "bonafide_gateway_requests_total",
        "reason" => reason, "passed" => if passed { "true" } else { "false" }, "device_status" => device_status,
    )
    .increment(1);
}
