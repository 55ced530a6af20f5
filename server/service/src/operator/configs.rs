//! Published configs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::encoding::from_base64url;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::ConfigFile;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use super::views::Limit;
use crate::audit;
use crate::openapi::Refusals;
use crate::query::{Path, Query};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{accounts, documents, installations};

/// What is live.
#[utoipa::path(
    get,
    path = "/admin/v1/config",
    tag = "operator",
    responses(
        (status = 200, description = "What is live: roots, config, content", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn live(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let snapshot = state.snapshot();
    let roots: Vec<&str> = snapshot.roots.iter().map(|(_, jws)| jws.as_str()).collect();
    Ok(Json(json!({ "roots": roots, "config": snapshot.live, "content": snapshot.config() })))
}

/// Published configs, the newest first.
#[utoipa::path(
    get,
    path = "/admin/v1/configs",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
    ),
    responses(
        (status = 200, description = "Published configs, the newest first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn list(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = documents::configs(&mut connection, &state.account, limit.rows()).await?;
    let counts: HashMap<_, _> =
        installations::count_by_position(&mut connection, &state.account).await?.into_iter().collect();
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "epoch": row.epoch,
                "version": row.version,
                "issued_at": row.issued_at,
                "exported_at": row.exported_at,
                "active_installations": counts.get(&(row.epoch, row.version)).copied().unwrap_or(0),
            })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// The query of [`former`].
#[derive(Deserialize)]
pub(crate) struct Epoch {
    epoch: u64,
}

/// One former config.
#[utoipa::path(
    get,
    path = "/admin/v1/config/{version}",
    tag = "operator",
    params(
        ("version" = u64, Path, description = "Its version"),
        ("epoch" = u64, Query, description = "Its epoch"),
    ),
    responses(
        (status = 200, description = "One former config", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn former(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(version): Path<u64>,
    Query(Epoch { epoch }): Query<Epoch>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let row = documents::config(&mut connection, &state.account, epoch, version).await?;
    let row = row.ok_or_else(|| Refusal::with(Status::NotFound, "No config has this epoch and version."))?;
    Ok(Json(json!({
        "epoch": row.epoch,
        "version": row.version,
        "issued_at": row.issued_at,
        "exported_at": row.exported_at,
        "config": row.jws,
        "content": payload(&row.jws),
    })))
}

/// The initial config: the one file that the app embeds.
#[utoipa::path(
    post,
    path = "/admin/v1/config/export",
    tag = "operator",
    responses(
        (status = 200, description = "The initial config; remembered as exported", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn export(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<ConfigFile>, Refusal> {
    caller.needs(Scope::Read)?;
    let snapshot = state.snapshot();
    let (epoch, version) = snapshot.position();
    let mut change = state.store.change().await?;
    documents::mark_exported(&mut change, &state.account, epoch, version, state.now()).await?;
    let subject = format!("{epoch}/{version}");
    audit::record(&state, &mut change, &caller.name, "config.export", &subject, &Value::Null, &Value::Null).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    Ok(Json(snapshot.trusted.to_file()))
}

/// The content of a document that this service has signed itself.
pub(super) fn payload(jws: &str) -> Value {
    jws.split('.')
        .nth(1)
        .and_then(from_base64url)
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .unwrap_or(Value::Null)
}
