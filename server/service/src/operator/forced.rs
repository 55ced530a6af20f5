//! Verdicts forced on single installations, for support and for tests: each with its reason and its end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::encoding::from_base64url;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope};
use crate::audit;
use crate::body;
use crate::openapi::Refusals;
use crate::policy::Verdict;
use crate::query::Path;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::accounts;
use crate::store::forced::{self, ForcedRow};

/// The longest that one holds, in seconds: 30 days. What is to hold for ever belongs into the policy.
const LONGEST: u64 = 30 * 24 * 60 * 60;

/// How many there may be at a time. Each request looks among them.
const MOST: usize = 1000;

/// The body of [`force`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForcedVerdict)]
pub(crate) struct Wanted {
    verdict: Verdict,
    /// How long it holds, at most 30 days.
    seconds: u64,
    /// Why, for the audit log.
    reason: String,
}

/// The forced verdicts that hold now; the one that ends first is first.
#[utoipa::path(
    get,
    path = "/admin/v1/forced",
    tag = "operator",
    responses(
        (status = 200, description = "The forced verdicts that hold now", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn list(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = forced::all(&mut connection, &state.account).await?;
    let now = state.now();
    Ok(Json(rows.iter().filter(|row| now < row.ends_at).map(describe).collect()))
}

/// Forces a verdict on one installation. A forced pass does not override the findings that always reject.
#[utoipa::path(
    put,
    path = "/admin/v1/installations/{installation}/forced",
    tag = "operator",
    params(
        ("installation" = String, Path, description = "The installation's id; it may never have passed"),
    ),
    request_body = Wanted,
    responses(
        (status = 200, description = "The verdict and its end", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn force(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(installation): Path<String>,
    body::Json(wanted): body::Json<Wanted, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let reason = wanted.reason.trim();
    check(&installation, wanted.seconds, reason)?;
    let now = state.now();
    let row = ForcedRow {
        installation,
        verdict: wanted.verdict,
        reason: reason.to_owned(),
        set_at: now,
        set_by: caller.name.clone(),
        ends_at: now.saturating_add(wanted.seconds),
    };
    let mut change = state.store.change().await?;
    forced::purge(&mut change, now).await?;
    let held = forced::all(&mut change, &state.account).await?;
    let before = held.iter().find(|held| held.installation == row.installation);
    if before.is_none() && held.len() >= MOST {
        return Err(Refusal::with(
            Status::Conflict,
            format!("{MOST} verdicts are forced already: so many belong into the policy, or some can be cleared."),
        ));
    }
    forced::replace(&mut change, &state.account, &row).await?;
    let (before, after) = (before.map_or(Value::Null, describe), describe(&row));
    audit::record(&state, &mut change, &caller.name, "device.force", &row.installation, &before, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(after))
}

/// Ends a forced verdict now.
#[utoipa::path(
    delete,
    path = "/admin/v1/installations/{installation}/forced",
    tag = "operator",
    params(
        ("installation" = String, Path, description = "The installation's id"),
    ),
    responses(
        (status = 200, description = "The verdict that is gone", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn clear(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(installation): Path<String>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let mut change = state.store.change().await?;
    forced::purge(&mut change, state.now()).await?;
    let held = forced::all(&mut change, &state.account).await?;
    let before = held.iter().find(|held| held.installation == installation).map(describe);
    let before =
        before.ok_or_else(|| Refusal::with(Status::NotFound, "No verdict is forced on an installation of that id."))?;
    forced::remove(&mut change, &state.account, &installation).await?;
    audit::record(&state, &mut change, &caller.name, "device.clear", &installation, &before, &Value::Null).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(before))
}

fn check(installation: &str, seconds: u64, reason: &str) -> Result<(), Refusal> {
    let wrong = |what: &str| Err(Refusal::mistake(what));
    if from_base64url(installation).is_none_or(|id| id.len() != 18) {
        return wrong("An installation's id has 24 characters of base64url, as `bonafide appraisals` shows them.");
    }
    if !(1..=LONGEST).contains(&seconds) {
        return wrong("`seconds` is 1 to 2592000 (30 days).");
    }
    if reason.is_empty() || reason.len() > 200 {
        return wrong("`reason` has 1 to 200 bytes.");
    }
    Ok(())
}

fn describe(row: &ForcedRow) -> Value {
    json!({
        "installation": row.installation,
        "verdict": row.verdict,
        "reason": row.reason,
        "set_at": row.set_at,
        "set_by": row.set_by,
        "ends_at": row.ends_at,
    })
}
