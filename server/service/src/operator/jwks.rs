//! Public token keys (RFC 7517 section 5).

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderName, HeaderValue, header};
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use crate::query::Query;
use crate::reply::Refusal;
use crate::state::State;

/// The query of [`live`].
#[derive(Deserialize)]
pub(crate) struct Account {
    account: Option<String>,
}

/// The keys whose tokens are good: the live one, and those whose last token has not ended.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "open",
    params(
        ("account" = Option<String>, Query, description = "The account; this service has one"),
    ),
    responses(
        (status = 200, description = "JWKS of the keys whose tokens are good", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
)]
pub(crate) async fn live(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<Account>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Value>), Refusal> {
    if query.account.is_some_and(|account| account != state.account) {
        return Err(Refusal::new(Status::UnknownAccount));
    }
    let now = state.now();
    let snapshot = state.snapshot();
    let keys: Vec<Value> = snapshot
        .keyring
        .tokens
        .iter()
        .filter(|key| key.live || key.ends_at.is_some_and(|end| now <= end))
        .filter_map(|key| key.genuine.public.as_ref().map(|public| jwk(public, &key.kid)))
        .collect();
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"))];
    Ok((cache, Json(json!({ "keys": keys }))))
}

/// The keys that decoys are signed with, each under the `kid` that it imitates: a gateway that has them can tell a
/// decoy from a forgery in its log.
#[utoipa::path(
    get,
    path = "/admin/v1/decoy-keys",
    tag = "operator",
    responses(
        (status = 200, description = "JWKS of decoy keys: each `kid` is that of the live key it imitates", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn decoys(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let snapshot = state.snapshot();
    let tokens = &snapshot.keyring.tokens;
    let keys: Vec<Value> =
        tokens.iter().filter_map(|key| key.decoy.public.as_ref().map(|public| jwk(public, &key.kid))).collect();
    Ok(Json(json!({ "keys": keys })))
}

fn jwk(public: &PublicKey, kid: &str) -> Value {
    let mut jwk = public.to_jwk();
    if let Some(members) = jwk.as_object_mut() {
        for (name, value) in [("kid", kid), ("use", "sig"), ("alg", public.algorithm())] {
            members.insert(name.to_owned(), Value::String(value.to_owned()));
        }
    }
    jwk
}
