//! Operator tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope, new_token};
use crate::audit;
use crate::body;
use crate::error::ServiceError;
use crate::query::Path;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{accounts, operators};

/// Whoever may make tokens may do everything: only a token of all scopes may.
fn needs_all(caller: &Caller) -> Result<(), Refusal> {
    Scope::ALL.into_iter().try_for_each(|scope| caller.needs(scope))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorToken)]
pub(crate) struct Wanted {
    /// Who holds it; it stands in the audit log.
    name: String,
    /// What it allows.
    scopes: Vec<Scope>,
}

/// Every token, without its secret.
#[utoipa::path(
    get,
    path = "/admin/v1/tokens",
    tag = "operator",
    responses(
        (status = 200, description = "Every token, without its secret", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn list(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    needs_all(&caller)?;
    let snapshot = state.snapshot();
    let list: Vec<Value> = snapshot
        .operators
        .iter()
        .map(|row| {
            let scopes: Vec<&str> = row.scopes.split(' ').collect();
            json!({ "token_id": row.token_id, "name": row.name, "scopes": scopes, "created_at": row.created_at })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// Makes a token; the secret is shown this once.
#[utoipa::path(
    post,
    path = "/admin/v1/tokens",
    tag = "operator",
    request_body = Wanted,
    responses(
        (status = 200, description = "The token; its secret is shown this once", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn make(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(wanted): body::Json<Wanted, BODY>,
) -> Result<Json<Value>, Refusal> {
    needs_all(&caller)?;
    if wanted.name.is_empty() || wanted.name.len() > 100 || wanted.scopes.is_empty() {
        return Err(Refusal::with(Status::MalformedRequest, "A token has a name of 1 to 100 bytes and a scope."));
    }
    let (secret, row) = new_token(&wanted.name, &wanted.scopes, state.now()).map_err(ServiceError::from)?;
    let mut change = state.store.change().await?;
    operators::insert(&mut change, &state.account, &row).await?;
    let after = json!({ "name": row.name, "scopes": row.scopes });
    audit::record(&state, &mut change, &caller.name, "token.make", &row.token_id, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "token_id": row.token_id, "name": row.name, "scopes": wanted.scopes, "token": secret })))
}

/// Revokes a token. The last one of all scopes stays: without it nobody could make another.
#[utoipa::path(
    delete,
    path = "/admin/v1/tokens/{token_id}",
    tag = "operator",
    params(
        ("token_id" = String, Path, description = "The token"),
    ),
    responses(
        (status = 200, description = "The id of the token that is gone", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn remove(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(token_id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    needs_all(&caller)?;
    let mut change = state.store.change().await?;
    let held = operators::all(&mut change, &state.account).await?;
    let all_scopes = |row: &&operators::OperatorRow| row.scopes.split(' ').count() == Scope::ALL.len();
    if held.iter().filter(all_scopes).all(|row| row.token_id == token_id) {
        return Err(Refusal::with(Status::Conflict, "It is the last token that may make tokens: make another first."));
    }
    if !operators::remove(&mut change, &state.account, &token_id).await? {
        return Err(Refusal::new(Status::NotFound));
    }
    let before = held.iter().find(|row| row.token_id == token_id).map(|row| json!({ "name": row.name }));
    let before = before.unwrap_or(Value::Null);
    audit::record(&state, &mut change, &caller.name, "token.remove", &token_id, &before, &Value::Null).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "token_id": token_id })))
}
