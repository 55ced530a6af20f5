//! The headers in which a passed request carries its result to the API.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bonafide_protocol::message::STATUS_HEADER;

use crate::gate::Judgement;
use crate::verifier::Freshness;

/// `verified`, `grace`, or, in monitor mode only, `refused`.
pub const RESULT_HEADER: HeaderName = HeaderName::from_static("bonafide-result");
/// The reason of a request that monitor mode let pass.
pub const REASON_HEADER: HeaderName = HeaderName::from_static("bonafide-reason");
/// The installation's id, pairwise per audience.
pub const INSTALLATION_HEADER: HeaderName = HeaderName::from_static("bonafide-installation");
/// The app: `platform/id/version`.
pub const APP_HEADER: HeaderName = HeaderName::from_static("bonafide-app");
/// The token's annotations, with commas between them.
pub const ANNOTATIONS_HEADER: HeaderName = HeaderName::from_static("bonafide-annotations");

/// What the app said of its user: the app's own word, which the token carries.
pub const USER_HEADER: HeaderName = HeaderName::from_static("bonafide-user");
/// The id of the token request that the token answers, as the service's log has it. Many requests share a token.
pub const TRACE_HEADER: HeaderName = HeaderName::from_static("bonafide-trace");

const PREFIX: &str = "bonafide-";

/// Removes every `Bonafide-*` header but the token and the device's status, so that an API finds there what the
/// gateway said and never what a client said.
pub fn strip_result_headers(headers: &mut HeaderMap, token_header: &HeaderName) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            // CGI and its heirs (WSGI, FastCGI) read `Bonafide_Result` as the same variable.
            name.as_str().replace('_', "-").starts_with(PREFIX)
                && *name != token_header
                && !name.as_str().eq_ignore_ascii_case(STATUS_HEADER)
        })
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

/// The result headers of a request that passes.
pub(crate) fn result_headers(judgement: &Judgement) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    let mut put = |name: HeaderName, value: &str| {
        // Claims come from the service, but an app's version may hold what no header can: then it is left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.push((name, value));
        }
    };
    match &judgement.outcome {
        Ok(verified) => {
            let claims = &verified.claims;
            let result = match verified.freshness {
                Freshness::Fresh => "verified",
                Freshness::Grace { .. } => "grace",
            };
            put(RESULT_HEADER, result);
            put(INSTALLATION_HEADER, &claims.sub);
            put(APP_HEADER, &format!("{}/{}/{}", claims.app.platform.name(), claims.app.id, claims.app.version));
            if !claims.anno.is_empty() {
                put(ANNOTATIONS_HEADER, &claims.anno.join(","));
            }
            if let Some(user) = &claims.user {
                put(USER_HEADER, user.as_str());
            }
            if let Some(trace) = &claims.trace {
                put(TRACE_HEADER, trace.as_str());
            }
        }
        Err(refusal) => {
            put(RESULT_HEADER, "refused");
            put(REASON_HEADER, refusal.reason());
        }
    }
    headers
}
