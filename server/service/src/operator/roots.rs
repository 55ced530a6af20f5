//! A new root: prepared here, signed where the root key is kept, published here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::config::Config;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::Update;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::{Caller, Scope};
use super::{BODY, configs};
use crate::audit;
use crate::body;
use crate::documents::{current, insert, next_version, unusable};
use crate::error::ServiceError;
use crate::keys::{Keyring, NewKey, Purpose};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{accounts, documents, keys};

/// Makes the config key of the next epoch, and gives what the root key's holder signs.
#[utoipa::path(
    post,
    path = "/admin/v1/roots/prepare",
    tag = "operator",
    responses(
        (status = 200, description = "What the root key's holder signs", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn prepare(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let (key, public) = NewKey::config("next").map_err(ServiceError::from)?;
    let row = key.seal(&state.master, &state.account, state.now()).map_err(ServiceError::from)?;
    let mut change = state.store.change().await?;
    // One that was prepared and never used may be known to whoever made the new root necessary.
    keys::remove_state(&mut change, &state.account, Purpose::Config.name(), "next").await?;
    keys::insert(&mut change, &state.account, &row).await?;
    let roots = documents::roots(&mut change, &state.account).await?;
    let epoch = roots.last().map_or(1, |(epoch, _)| epoch + 1);
    let after = json!({ "epoch": epoch, "kid": key.kid });
    audit::record(&state, &mut change, &caller.name, "root.prepare", "", &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    let roots: Vec<String> = roots.into_iter().map(|(_, jws)| jws).collect();
    Ok(Json(json!({ "roots": roots, "next_config_key": public, "epoch": epoch, "content": state.snapshot().config() })))
}

/// The body of [`publish`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offered {
    /// The signed root.
    root: String,
    /// Which former config's content to go on with; left out: the live one's. After a theft the live one may be the
    /// thief's.
    #[serde(default)]
    content: Option<Position>,
}

/// A config's place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    epoch: u64,
    version: u64,
}

/// Publishes a signed root, and the config under it.
#[utoipa::path(
    post,
    path = "/admin/v1/roots",
    tag = "operator",
    request_body = Offered,
    responses(
        (status = 200, description = "The published epoch and version", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn publish(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(offered): body::Json<Offered, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let now = state.now();
    let account = &state.account;
    let mut change = state.store.change().await?;
    let held = current(&mut change, account).await?;
    let held_epoch = held.position().0;
    let epoch = held_epoch + 1;
    let rows = keys::all(&mut change, account).await?;
    let keyring = Keyring::open(&state.master, account, &rows).map_err(ServiceError::from)?;
    let next = rows.iter().find(|row| row.purpose == Purpose::Config.name() && row.state == "next");
    let next = next.ok_or_else(|| Refusal::with(Status::Conflict, "No root was prepared: `bonafide root rotate`."))?;

    let mut config = match &offered.content {
        Some(place) => former(&mut change, account, place).await?,
        None => held.config().clone(),
    };
    config.epoch = epoch;
    // Versions start anew with each epoch: however high a thief counted in the one before, he is superseded.
    config.version = next_version(None, now)?;
    config.issued_at = now;
    config.check().map_err(|error| unusable(&error))?;
    let key = keyring
        .config_key_by_id(&next.kid)
        .ok_or_else(|| Refusal::with(Status::Conflict, "The prepared config key is gone: prepare anew."))?;
    let jws = config.sign(key);

    // The same check that every device will make.
    let update = held
        .update(std::slice::from_ref(&offered.root), Some(&jws))
        .map_err(|error| Refusal::with(Status::Conflict, format!("No device would accept this root: {error}.")))?;
    let accepted = matches!(&update, Update::Newer(trusted) if trusted.position().0 == epoch);
    if !accepted {
        return Err(Refusal::with(Status::Conflict, format!("The root has to have epoch {epoch}.")));
    }
    documents::insert_root(&mut change, account, epoch, &offered.root, now).await?;
    insert(&mut change, account, &config, jws).await?;
    keys::remove_state(&mut change, account, Purpose::Config.name(), "live").await?;
    keys::promote_next(&mut change, account, Purpose::Config.name()).await?;
    let (before, after) = (json!({ "epoch": held_epoch }), json!({ "epoch": epoch, "version": config.version }));
    audit::record(&state, &mut change, &caller.name, "root.publish", &epoch.to_string(), &before, &after).await?;
    accounts::bump_revision(&mut change, account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "epoch": epoch, "version": config.version })))
}

async fn former(change: &mut crate::store::Change, account: &str, place: &Position) -> Result<Config, Refusal> {
    let row = documents::config(change, account, place.epoch, place.version).await?;
    row.and_then(|row| serde_json::from_value(configs::payload(&row.jws)).ok())
        .ok_or_else(|| Refusal::with(Status::NotFound, "No config has this epoch and version."))
}
