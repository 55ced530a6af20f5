//! Devices and what became of their requests, found again by user and by trace.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use super::views::{Limit, explained, shown};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::installations;
use crate::store::logs::{self, AppraisalRow, Sought};

/// Which rows of a list, and how many.
#[derive(Deserialize)]
pub(crate) struct Search {
    limit: Option<u64>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    trace: String,
}

impl Search {
    fn rows(&self) -> u64 {
        Limit { limit: self.limit }.rows()
    }
}

/// Appraisals, the newest first.
#[utoipa::path(
    get,
    path = "/admin/v1/appraisals",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
        ("user" = Option<String>, Query, description = "Only those with this user property"),
        ("trace" = Option<String>, Query, description = "Only those with this trace id"),
    ),
    responses(
        (status = 200, description = "Appraisals, the newest first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn appraisals(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(search): Query<Search>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let sought = Sought { user: &search.user, trace: &search.trace };
    let mut connection = state.store.read().await?;
    let rows = logs::appraisals(&mut connection, &state.account, sought, search.rows()).await?;
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            let findings: Vec<Value> = row
                .findings
                .split(' ')
                .filter(|code| !code.is_empty())
                .map(|code| json!({ "code": code, "explanation": explained(code) }))
                .collect();
            json!({
                "time": row.time,
                "app": {
                    "platform": row.platform, "id": shown(&row.app), "version": shown(&row.app_version),
                },
                "audience": shown(&row.audience),
                "passed": row.passed,
                "findings": findings,
                "installation": row.installation,
                "differences": serde_json::from_str::<Value>(&row.differences).unwrap_or_else(|_| json!([])),
                "reason": said(&shown(&row.reason)),
                "policy": row.policy,
                "forced": said(&row.forced),
                "development": development(row),
                "user": said(&row.user_property),
                "trace": said(&row.trace_id),
            })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// Installations, the one seen last first.
#[utoipa::path(
    get,
    path = "/admin/v1/installations",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
        ("user" = Option<String>, Query, description = "Only those whose last request had this user property"),
    ),
    responses(
        (status = 200, description = "Installations, the one seen last first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn installations(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(search): Query<Search>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = installations::list(&mut connection, &state.account, &search.user, search.rows()).await?;
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "installation": row.installation,
                "app": { "platform": row.platform, "id": shown(&row.app), "version": shown(&row.app_version) },
                "epoch": row.epoch,
                "version": row.version,
                "user": said(&row.user_property),
                "created_at": row.created_at,
                "seen_at": row.seen_at,
            })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// Null where nothing was said.
fn said(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// The development key that was claimed, and who asked for it: null where it is not known.
fn development(row: &AppraisalRow) -> Value {
    if row.development_key.is_empty() {
        return Value::Null;
    }
    json!({ "key": row.development_key, "name": said(&row.development_name) })
}
