//! `POST /v1/tokens`: challenge, signature, evidence, appraisal; then a token or a decoy, for the one who spends the challenge.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderName, HeaderValue, header};
use bonafide_protocol::encoding::{from_base64, from_base64url};
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::jws::{Compact, JwsError};
use bonafide_protocol::message::{MAX_REQUEST_BYTES, TOKEN_REQUEST_TYPE, TokenRequest, TokenResponse};
use bonafide_protocol::status::Status;
use serde::Deserialize;

use crate::appraise::{Comparison, appraise};
use crate::body::Text;
use crate::evidence::{Asked, Looked, look};
use crate::metrics::Metrics;
use crate::policy::{Verdict, counted};
use crate::reply::{Refusal, must};
use crate::state::State;
use crate::store::ledger::{Entry, Outcome};
use crate::store::logs::AppraisalRow;
use crate::{challenge, documents, issue};

/// The longest audience, app id or version. They come back in the token.
pub(super) const MAX_NAME: usize = 200;

/// A response for one installation is for no cache.
type NoStore = [(HeaderName, HeaderValue); 1];

pub(super) async fn issue(
    Shared(state): Shared<Arc<State>>,
    Text(jws): Text<MAX_REQUEST_BYTES>,
) -> Result<(NoStore, Json<TokenResponse>), Refusal> {
    let now = state.now();
    let snapshot = state.snapshot();
    let keyring = &snapshot.keyring;

    let compact = Compact::parse(&jws, MAX_REQUEST_BYTES).map_err(|error| malformed(&error))?;
    let key = install_key(&compact)?;
    let thumbprint = key.thumbprint();
    // The MAC is cheaper than the signature: a challenge that is not ours costs no elliptic curve.
    let claim = claimed(&jws)?;
    super::known_account(&state, &claim.account)?;
    let fresh = challenge::check(&keyring.challenges, &state.account, now, &thumbprint, &claim.challenge)?;
    let payload = compact.verify(TOKEN_REQUEST_TYPE, &key).map_err(|error| malformed(&error))?;
    let request: TokenRequest = serde_json::from_slice(payload)
        .map_err(|error| Refusal::with(Status::MalformedRequest, format!("The payload: {error}.")))?;
    check_form(&request)?;

    let policy = snapshot.policy(&request.audience);
    let app = Comparison::of(&request, &snapshot.registrations);
    let builds = app.registrations();
    let asked = Asked {
        request: &request,
        key: &key,
        thumbprint: &thumbprint,
        builds: &builds,
        extension: app.extension,
        fresh: &fresh,
        now,
    };
    let Looked { installation, alone, judged, change } = look(&state, &snapshot, &asked).await?;
    let mut findings = appraise(&request, &app, snapshot.config(), &policy, &judged);
    let development = snapshot.development.judge(&request, &thumbprint, now);
    findings.extend(&development.findings);
    let times = issue::Times { now, lifetime: state.token_lifetime };
    let forced = snapshot.forced(&installation, now);
    let counted = counted(findings.iter().copied().map(Some), request.development.is_some());
    let decision = snapshot.rules.decide(counted, Some(request.app.platform), forced);
    let passed = decision.passed;
    // Which installation a key has taken over hangs on what was proven: a decoy does not tell.
    let shown = if passed { installation.clone() } else { alone };
    let token = must(issue::token(keyring, &request, &shown, times, &decision), "no token could be signed")?;
    let arc = must(issue::arc(keyring, &state.account, &installation, &findings, now), "no ARC could be made")?;
    let next = challenge::issue(&keyring.challenges, &state.account, now, Some(&thumbprint));
    let next_challenge = must(next, "no challenge could be made")?;
    let documents = documents::lacking(&snapshot, request.epoch, request.version);
    let evidence_wanted =
        snapshot.rules.evidence.wanted(request.app.platform, snapshot.trust.reads_play(&request.app.id));

    let codes: Vec<&str> = findings.iter().map(|finding| finding.code()).collect();
    let appraisal = AppraisalRow {
        id: state.next_id(),
        time: now,
        installation,
        platform: request.app.platform.name().to_owned(),
        app: request.app.id,
        app_version: request.app.version,
        audience: request.audience,
        passed,
        findings: codes.join(" "),
        differences: must(serde_json::to_string(&app.differences).ok(), "no differences could be written")?,
        policy: snapshot.rules_version,
        forced: forced.map_or("", Verdict::name).to_owned(),
        reason: judged.reason,
        development_key: development.key,
        development_name: development.name,
        user_property: request.user.map(String::from).unwrap_or_default(),
        trace_id: request.trace.map(String::from).unwrap_or_default(),
    };
    let noted = appraisal.clone();
    let outcome = Outcome { appraisal, thumbprint, epoch: request.epoch, version: request.version, change };
    // What was made up so far leaves with the one who spends the challenge, and with nobody else.
    match state.ledger.settle(fresh.nonce, fresh.expires_at, outcome).await {
        Ok(Entry::Written) => {}
        Ok(Entry::Spent) => return Err(Refusal::new(Status::ChallengeSpent)),
        // In doubt it is spent: a token for a challenge that may be used again is the worse mistake.
        Err(_) => return Err(Refusal::unavailable(1)),
    }
    note(&state.metrics, &noted);
    for finding in &findings {
        state.metrics.count("bonafide_findings_total", &[("finding", finding.code())]);
    }

    let response = TokenResponse {
        token,
        expires_in: state.token_lifetime,
        server_time: now,
        next_challenge,
        next_challenge_expires_in: challenge::LIFETIME,
        installation: shown,
        arc,
        evidence_wanted,
        documents,
    };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(response)))
}

/// What finds one request again stands in the log; the metrics count that it was there. A user or a trace in a label
/// would make a series of its own for each request.
fn note(metrics: &Metrics, row: &AppraisalRow) {
    let outcome = if row.passed { "pass" } else { "fail" };
    metrics.count("bonafide_appraisals_total", &[("outcome", outcome)]);
    let development = !row.development_key.is_empty();
    let with =
        [("user", !row.user_property.is_empty()), ("trace", !row.trace_id.is_empty()), ("development", development)];
    for (what, _) in with.into_iter().filter(|(_, there)| *there) {
        metrics.count("bonafide_appraisals_with_total", &[("with", what), ("outcome", outcome)]);
    }
    let AppraisalRow { trace_id, installation, findings, development_key, development_name, .. } = row;
    if development {
        tracing::info!(trace_id, installation, outcome, findings, development_key, development_name, "for a developer");
    } else {
        tracing::debug!(trace_id, installation, outcome, findings, "appraised");
    }
}

/// The key that the header brings; only P-256 is an install key.
pub(super) fn install_key(compact: &Compact<'_>) -> Result<PublicKey, Refusal> {
    match &compact.header().jwk {
        Some(key @ PublicKey::P256 { .. }) => Ok(key.clone()),
        _ => Err(Refusal::with(Status::MalformedRequest, "The header brings no P-256 key (jwk).")),
    }
}

/// A JWS that is not as it has to be.
pub(super) fn malformed(error: &JwsError) -> Refusal {
    match error {
        JwsError::TooLong { .. } => Refusal::new(Status::RequestTooLarge),
        JwsError::Signature => Refusal::new(Status::SignatureInvalid),
        error => Refusal::with(Status::MalformedRequest, format!("The JWS: {error}.")),
    }
}

#[derive(Deserialize)]
struct Claim {
    account: String,
    challenge: String,
}

/// What the payload claims before anything is verified.
fn claimed(jws: &str) -> Result<Claim, Refusal> {
    jws.split('.')
        .nth(1)
        .and_then(from_base64url)
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .ok_or_else(|| Refusal::with(Status::MalformedRequest, "The payload names no account and challenge."))
}

/// What goes into the token is bounded, so that no client makes a token that a gateway's headers cannot hold.
fn check_form(request: &TokenRequest) -> Result<(), Refusal> {
    let wrong = |what: &str| Refusal::with(Status::MalformedRequest, format!("The payload: {what}."));
    let names = [&request.audience, &request.app.id, &request.app.version, &request.app.build, &request.sdk_version];
    if names.iter().any(|name| name.len() > MAX_NAME) {
        return Err(wrong("a name is longer than 200 bytes"));
    }
    if !matches!(request.session_key, PublicKey::P256 { .. }) {
        return Err(wrong("session_key is no P-256 key"));
    }
    let binding = request.binding.as_ref();
    if binding.is_some_and(|text| from_base64(text).is_none_or(|digest| digest.len() != 32)) {
        return Err(wrong("binding is no SHA-256 in base64"));
    }
    if request.development.as_ref().is_some_and(|proof| !proof.is_well_formed()) {
        return Err(wrong("development names no key, or holds no HMAC-SHA256"));
    }
    Ok(())
}
