//! `GET /v1/config`: public, cacheable, signed documents only.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bonafide_protocol::encoding::{sha256, to_base64url};
use bonafide_protocol::status::Status;

use crate::documents;
use crate::reply::Refusal;
use crate::state::State;

/// A rotation is to be known everywhere within a minute.
const CACHE: &str = "public, max-age=60";

/// What the query says.
struct Held {
    account: String,
    epoch: u64,
    version: u64,
}

pub(super) async fn newer(
    Shared(state): Shared<Arc<State>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let held = parse(query.as_deref().unwrap_or_default())?;
    super::known_account(&state, &held.account)?;
    let lacking = documents::lacking(&state.snapshot(), held.epoch, held.version);
    let body = serde_json::to_vec(&lacking).unwrap_or_default();
    let tag = format!("\"{}\"", to_base64url(&sha256(&body)));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|list| list.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));

    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Json(lacking).into_response() };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Unknown parameters are ignored: a later device may send more. A known one given twice is refused.
fn parse(query: &str) -> Result<Held, Refusal> {
    let wrong = |what: String| Refusal::with(Status::MalformedRequest, what);
    let one = |name: &str| {
        let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value.into_owned()),
            (None, _) => Err(wrong(format!("The query has no `{name}`."))),
            (Some(_), Some(_)) => Err(wrong(format!("The query has `{name}` twice."))),
        }
    };
    let number = |name: &str| {
        one(name)?.parse::<u64>().map_err(|_| wrong(format!("`{name}` in the query is no number from 0 to 2^64 - 1.")))
    };
    Ok(Held { account: one("account")?, epoch: number("epoch")?, version: number("version")? })
}
