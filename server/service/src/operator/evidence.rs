//! What evidence is verified with: roots and revocations, and the keys of Play Integrity.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_attestation::android_key::MAX_REVOCATION_BYTES;
use bonafide_protocol::encoding::{sha256, to_hex};
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope};
use crate::audit;
use crate::body::{self, Text};
use crate::error::ServiceError;
use crate::evidence::{ListName, PLAY_KEYS, PlayKeys};
use crate::keys::NewKey;
use crate::query::{Path, Query};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::evidence::{self, ListRow};
use crate::store::{accounts, keys};

/// The longest package name that Google Play takes, and more.
const MAX_PACKAGE: usize = 200;

/// What evidence is verified with.
#[utoipa::path(
    get,
    path = "/admin/v1/evidence",
    tag = "operator",
    responses(
        (status = 200, description = "The lists, and the packages that have keys of Play Integrity", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn live(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = evidence::lists(&mut connection, &state.account).await?;
    drop(connection);
    let now = state.now();
    let lists: Vec<Value> = ListName::ALL
        .into_iter()
        .map(|list| describe(list, rows.iter().find(|row| row.name == list.name()), now))
        .collect();
    let snapshot = state.snapshot();
    let packages: Vec<&String> = snapshot.keyring.play_integrity.iter().map(|(package, _)| package).collect();
    Ok(Json(json!({ "lists": lists, "play_integrity": packages })))
}

/// The query of [`set_list`].
#[derive(Deserialize)]
pub(crate) struct Fetched {
    /// When the list was fetched from its source, Unix seconds; left out: now.
    fetched_at: Option<u64>,
    /// Replace a revocation list by one that has less than half of its entries, or none.
    #[serde(default)]
    force: bool,
}

/// Sets a list in place of what is built in. In force at once, on every node within a second.
#[utoipa::path(
    put,
    path = "/admin/v1/evidence/lists/{name}",
    tag = "operator",
    params(
        ("name" = String, Path, description = "`android-key-roots`, `revocations`, `app-attest-roots`, `receipt-roots`"),
        ("fetched_at" = Option<u64>, Query, description = "When it was fetched, Unix seconds; now"),
        ("force" = Option<bool>, Query, description = "Take a revocation list that is empty, or has less than half of the entries in force"),
    ),
    request_body = String,
    responses(
        (status = 200, description = "The list as it is held", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn set_list(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    Query(fetched): Query<Fetched>,
    Text(content): Text<MAX_REVOCATION_BYTES>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let list = named(&name)?;
    let now = state.now();
    let fetched_at = fetched.fetched_at.unwrap_or(now);
    if fetched_at > now {
        return Err(Refusal::mistake("`fetched_at` lies in the future: the list would never be stale."));
    }
    let entries = list.check(&content, fetched_at).map_err(|fault| Refusal::mistake(format!("{name}: {fault}")))?;
    let row = ListRow { name, content, fetched_at, set_at: now, set_by: caller.name.clone() };
    let mut change = state.store.change().await?;
    let held = evidence::lists(&mut change, &state.account).await?;
    let held = held.iter().find(|held| held.name == row.name);
    // Lists of what is not to be trusted only grow newer: an old one would let revoked keys in again.
    if list == ListName::Revocations && held.is_some_and(|held| held.fetched_at > row.fetched_at) {
        return Err(Refusal::with(Status::Conflict, "A list that was fetched later is in force."));
    }
    // Half a download, or a mirror's empty page: what it leaves out passes again at once.
    let in_force = held.and_then(|held| list.check(&held.content, held.fetched_at).ok()).unwrap_or_default();
    if list == ListName::Revocations && !fetched.force && entries < in_force.div_ceil(2) {
        let fewer = format!("It revokes {entries} certificates, and the one in force {in_force}; `force` takes it.");
        return Err(Refusal::with(Status::Conflict, fewer));
    }
    evidence::set_list(&mut change, &state.account, &row).await?;
    let (before, after) = (describe(list, held, now), describe(list, Some(&row), now));
    audit::record(&state, &mut change, &caller.name, "evidence.list", &row.name, &before, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(after))
}

/// Takes a list away: what is built in holds again.
#[utoipa::path(
    delete,
    path = "/admin/v1/evidence/lists/{name}",
    tag = "operator",
    params(("name" = String, Path, description = "As in PUT")),
    responses(
        (status = 200, description = "The list as it is held now", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn remove_list(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let list = named(&name)?;
    let now = state.now();
    let mut change = state.store.change().await?;
    let held = evidence::lists(&mut change, &state.account).await?;
    let before = describe(list, held.iter().find(|held| held.name == name), now);
    if !evidence::remove_list(&mut change, &state.account, &name).await? {
        return Err(Refusal::with(Status::NotFound, "What is built in holds already."));
    }
    let after = describe(list, None, now);
    audit::record(&state, &mut change, &caller.name, "evidence.list", &name, &before, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(after))
}

/// The body of [`set_play_keys`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlayIntegrityKeys)]
pub(crate) struct Wanted {
    /// Base64, as the Play Console shows it. Secret.
    decryption_key: String,
    /// Base64, as the Play Console shows it.
    verification_key: String,
}

/// Sets the keys that open the tokens of Play Integrity of one package. They are sealed, and never shown again.
#[utoipa::path(
    put,
    path = "/admin/v1/evidence/play-integrity/{package}",
    tag = "operator",
    params(("package" = String, Path, description = "The app's package")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The package", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn set_play_keys(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(package): Path<String>,
    body::Json(wanted): body::Json<Wanted, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    if package.is_empty() || package.len() > MAX_PACKAGE {
        return Err(Refusal::mistake("A package has 1 to 200 bytes."));
    }
    let pair = PlayKeys { decryption_key: wanted.decryption_key, verification_key: wanted.verification_key };
    pair.open().map_err(|error| Refusal::mistake(format!("{error}.")))?;
    let key = NewKey::play_integrity(&package, serde_json::to_vec(&pair).unwrap_or_default());
    let row = key.seal(&state.master, &state.account, state.now()).map_err(ServiceError::from)?;
    let mut change = state.store.change().await?;
    let replaced = keys::remove(&mut change, &state.account, PLAY_KEYS, &package).await?;
    keys::insert(&mut change, &state.account, &row).await?;
    // Of the secret no more than tells one from another.
    let digest = to_hex(&sha256(&key.secret));
    let after = json!({ "package": package, "replaced": replaced, "sha256": digest });
    audit::record(&state, &mut change, &caller.name, "evidence.play_keys", &package, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "package": package, "replaced": replaced })))
}

/// Removes the keys of one package.
#[utoipa::path(
    delete,
    path = "/admin/v1/evidence/play-integrity/{package}",
    tag = "operator",
    params(("package" = String, Path, description = "The app's package")),
    responses(
        (status = 200, description = "The package", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn remove_play_keys(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(package): Path<String>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let mut change = state.store.change().await?;
    if !keys::remove(&mut change, &state.account, PLAY_KEYS, &package).await? {
        return Err(Refusal::with(Status::NotFound, "No keys of Play Integrity are set for this package."));
    }
    let before = json!({ "package": package });
    audit::record(&state, &mut change, &caller.name, "evidence.play_keys", &package, &before, &Value::Null).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(before))
}

fn named(name: &str) -> Result<ListName, Refusal> {
    let known = || ListName::ALL.map(ListName::name).join(", ");
    ListName::from_name(name)
        .ok_or_else(|| Refusal::with(Status::NotFound, format!("There is no such list; there are {}.", known())))
}

/// A list as it is held; without a row, what is built in.
fn describe(list: ListName, row: Option<&ListRow>, now: u64) -> Value {
    let entries = row.and_then(|row| list.check(&row.content, row.fetched_at).ok());
    json!({
        "name": list.name(),
        "built_in": row.is_none() && list != ListName::Revocations,
        "entries": entries,
        "sha256": row.map(|row| to_hex(&sha256(row.content.as_bytes()))),
        "fetched_at": row.map(|row| row.fetched_at),
        "age": row.map(|row| now.saturating_sub(row.fetched_at)),
        "set_at": row.map(|row| row.set_at),
        "set_by": row.map(|row| &row.set_by),
    })
}
