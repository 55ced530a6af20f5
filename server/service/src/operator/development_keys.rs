//! Development keys: made for somebody, for a while; rotated with overlap; revoked at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope};
use crate::error::ServiceError;
use crate::openapi::Refusals;
use crate::query::Path;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::accounts;
use crate::store::development_keys::{self, DevelopmentKeyRow};
use crate::{audit, body, development};

const DAY: u64 = 24 * 60 * 60;

/// How long a key is good for, in seconds, unless the operator says otherwise.
const LIFETIME: u64 = 30 * DAY;

/// The longest that one is good for. What a team needs for ever it asks for again: a key of a former colleague ends.
const LONGEST: u64 = 90 * DAY;

/// How long the key before stays good after a rotation, in seconds, unless the operator says otherwise.
const OVERLAP: u64 = 7 * DAY;

/// How many may be good at a time.
const MOST: usize = 200;

/// The body of [`create`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DevelopmentKey)]
pub(crate) struct Wanted {
    /// Who asks: it stands in the audit log, and with every token that is made with the key.
    name: String,
    /// How long it is good for; 30 days, at most 90.
    seconds: Option<u64>,
}

/// The body of [`rotate`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DevelopmentKeyRotation)]
pub(crate) struct Rotation {
    /// How long the new key is good for; 30 days, at most 90.
    seconds: Option<u64>,
    /// How long the old one stays good, at most to its own end; 7 days.
    overlap_seconds: Option<u64>,
}

/// Every development key, without its secret; the newest first. Those that have ended are listed for 30 days more.
#[utoipa::path(
    get,
    path = "/admin/v1/development-keys",
    tag = "operator",
    responses(
        (status = 200, description = "Every development key, without its secret", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn list(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = development_keys::all(&mut connection, &state.account).await?;
    let now = state.now();
    Ok(Json(rows.iter().map(|row| describe(row, now)).collect()))
}

/// Makes a development key; it is shown this once.
#[utoipa::path(
    post,
    path = "/admin/v1/development-keys",
    tag = "operator",
    request_body = Wanted,
    responses(
        (status = 200, description = "The key (`key`), shown this once, and its end", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn create(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(wanted): body::Json<Wanted, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Register)?;
    let name = wanted.name.trim();
    if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        return Err(Refusal::mistake("`name` says who asks, in 1 to 100 bytes without control characters."));
    }
    let seconds = lifetime(wanted.seconds)?;
    let mut change = state.store.change().await?;
    let held = development_keys::all(&mut change, &state.account).await?;
    let (secret, row) = make(&state, &caller, name, seconds, &held)?;
    development_keys::insert(&mut change, &state.account, &row).await?;
    let after = describe(&row, state.now());
    audit::record(&state, &mut change, &caller.name, "dev_key.create", &row.key_id, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(with_secret(after, &secret)))
}

/// Makes another key for the same person; the old one stays good for the overlap, and no longer than it was.
#[utoipa::path(
    post,
    path = "/admin/v1/development-keys/{key_id}/rotate",
    tag = "operator",
    params(("key_id" = String, Path, description = "The key to be replaced")),
    request_body = Rotation,
    responses(
        (status = 200, description = "The new key (`key`), shown this once; `replaces` and `replaced_ends_at`", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn rotate(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(key_id): Path<String>,
    body::Json(wanted): body::Json<Rotation, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Register)?;
    let seconds = lifetime(wanted.seconds)?;
    let now = state.now();
    let mut change = state.store.change().await?;
    let held = development_keys::all(&mut change, &state.account).await?;
    let old = find(&held, &key_id)?;
    if !is_good(old, now) {
        return Err(Refusal::with(Status::Conflict, "That key has ended: make another with `dev-key create`."));
    }
    let (secret, row) = make(&state, &caller, &old.name, seconds, &held)?;
    let old_ends_at = now.saturating_add(wanted.overlap_seconds.unwrap_or(OVERLAP)).min(old.expires_at);
    development_keys::insert(&mut change, &state.account, &row).await?;
    development_keys::end(&mut change, &state.account, &key_id, old_ends_at, None).await?;
    let (before, mut after) = (describe(old, now), describe(&row, now));
    if let Some(members) = after.as_object_mut() {
        members.insert("replaces".to_owned(), json!(key_id));
        members.insert("replaced_ends_at".to_owned(), json!(old_ends_at));
    }
    audit::record(&state, &mut change, &caller.name, "dev_key.rotate", &row.key_id, &before, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(with_secret(after, &secret)))
}

/// Ends a development key now. Tokens that were made with it end by themselves, within their lifetime.
#[utoipa::path(
    delete,
    path = "/admin/v1/development-keys/{key_id}",
    tag = "operator",
    params(("key_id" = String, Path, description = "The key")),
    responses(
        (status = 200, description = "The key that is no longer good", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn revoke(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(key_id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Register)?;
    let now = state.now();
    let mut change = state.store.change().await?;
    let held = development_keys::all(&mut change, &state.account).await?;
    let old = find(&held, &key_id)?;
    // Revoked twice, it was revoked when it was first.
    let row = DevelopmentKeyRow { revoked_at: old.revoked_at.or(Some(now)), ..old.clone() };
    development_keys::end(&mut change, &state.account, &key_id, row.expires_at, row.revoked_at).await?;
    let (before, after) = (describe(old, now), describe(&row, now));
    audit::record(&state, &mut change, &caller.name, "dev_key.revoke", &key_id, &before, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(after))
}

/// A new key as the developer holds it, and its row.
fn make(
    state: &State,
    caller: &Caller,
    name: &str,
    seconds: u64,
    held: &[DevelopmentKeyRow],
) -> Result<(String, DevelopmentKeyRow), Refusal> {
    let now = state.now();
    if held.iter().filter(|row| is_good(row, now)).count() >= MOST {
        return Err(Refusal::with(
            Status::Conflict,
            format!("{MOST} development keys are good already: revoke those that nobody needs."),
        ));
    }
    let (key, sealed) = development::make(&state.master, &state.account).map_err(ServiceError::from)?;
    let row = DevelopmentKeyRow {
        key_id: key.id().to_owned(),
        name: name.to_owned(),
        sealed,
        created_at: now,
        created_by: caller.name.clone(),
        expires_at: now.saturating_add(seconds),
        revoked_at: None,
    };
    Ok((key.reveal(), row))
}

fn lifetime(seconds: Option<u64>) -> Result<u64, Refusal> {
    let seconds = seconds.unwrap_or(LIFETIME);
    if (1..=LONGEST).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(Refusal::mistake("`seconds` is 1 to 7776000 (90 days)."))
    }
}

fn find<'a>(held: &'a [DevelopmentKeyRow], key_id: &str) -> Result<&'a DevelopmentKeyRow, Refusal> {
    let found = held.iter().find(|row| row.key_id == key_id);
    found.ok_or_else(|| Refusal::with(Status::NotFound, "No development key has that id."))
}

fn is_good(row: &DevelopmentKeyRow, now: u64) -> bool {
    row.revoked_at.is_none() && now < row.expires_at
}

fn describe(row: &DevelopmentKeyRow, now: u64) -> Value {
    json!({
        "key_id": row.key_id,
        "name": row.name,
        "good": is_good(row, now),
        "created_at": row.created_at,
        "created_by": row.created_by,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    })
}

/// What goes to the one who asked, and into no log.
fn with_secret(mut described: Value, secret: &str) -> Value {
    if let Some(members) = described.as_object_mut() {
        members.insert("key".to_owned(), json!(secret));
    }
    described
}
