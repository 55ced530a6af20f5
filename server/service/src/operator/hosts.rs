//! Host entries of the config.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::config::{Config, HostEntry};
use bonafide_protocol::development::{DEVELOPMENT_SUFFIX, is_development_audience};
use bonafide_protocol::host::HostPattern;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::BODY;
use super::auth::{Caller, Scope};
use super::guard::{Seen, guard_change};
use super::pins::Chains;
use crate::appraise::Policy;
use crate::body;
use crate::documents::{Edit, publish};
use crate::query::{Path, Query};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::installations;

/// The query of every change that can lock somebody out.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Care {
    #[serde(default)]
    pub(super) force: bool,
    #[serde(default)]
    pub(super) dry_run: bool,
    /// The version that the caller has looked at.
    base: Option<u64>,
}

impl Care {
    /// Refuses a change that was made up from a config which somebody else has replaced since: an entry is written as a
    /// whole, and the pin that the other one added would be gone.
    pub(super) fn is_of(&self, config: &Config) -> Result<(), Refusal> {
        match self.base {
            Some(base) if base != config.version => Err(Refusal::with(
                Status::Conflict,
                format!("The config was {base} when it was looked at, and is {} now; look again.", config.version),
            )),
            _ => Ok(()),
        }
    }
}

/// The members of the body, the document's own and ours.
const MEMBERS: &[&str] =
    &["host", "pins", "mode", "send_token", "audience", "signing", "without_token", "policy", "chains"];

struct Wanted {
    entry: HostEntry,
    policy: Option<Policy>,
    chains: Option<Chains>,
}

/// Adds or replaces an entry.
#[utoipa::path(
    put,
    path = "/admin/v1/hosts/{pattern}",
    tag = "operator",
    params(
        ("pattern" = String, Path, description = "The host pattern"),
        ("force" = Option<bool>, Query, description = "Go on although somebody is locked out"),
        ("dry_run" = Option<bool>, Query, description = "Check, and change nothing"),
        ("base" = Option<u64>, Query, description = "Refuse unless this version is the live one"),
    ),
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "The published version and the change; the body is a host entry, with `policy` and `chains`", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn replace(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(pattern): Path<String>,
    Query(care): Query<Care>,
    body::Json(body): body::Json<Map<String, Value>, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let Wanted { entry, policy, chains } = read(&pattern, body)?;
    if policy.is_some() {
        caller.needs(Scope::Policy)?;
    }
    let snapshot = state.snapshot();
    let mut connection = state.store.read().await?;
    let active = installations::count(&mut connection, &state.account).await?;
    drop(connection);
    let published = publish(&state, &caller.name, care.dry_run, |config| {
        care.is_of(config)?;
        let old = config.clone();
        let place = config.hosts.iter().position(|held| held.host == entry.host);
        let before = place.and_then(|place| config.hosts.get(place)).cloned();
        put(config, place, entry.clone());
        let seen = Seen { chains: chains.as_deref(), active };
        guard_change((&old, config), &entry.host, seen, care.force)?;
        let audience = config.audience(&entry).to_owned();
        let held = snapshot.policy(&audience);
        let edit = Edit {
            action: if before.is_some() { "host.change" } else { "host.add" },
            subject: entry.host.to_string(),
            before: json!({ "entry": before, "policy": held }),
            after: json!({ "entry": entry, "policy": policy.as_ref().unwrap_or(&held), "forced": care.force }),
            policy: policy.map(|policy| (audience, policy)),
        };
        Ok(edit)
    })
    .await?;
    let change = json!({ "before": published.edit.before, "after": published.edit.after });
    Ok(Json(json!({ "version": published.version, "dry_run": care.dry_run, "change": change })))
}

/// Removes an entry.
#[utoipa::path(
    delete,
    path = "/admin/v1/hosts/{pattern}",
    tag = "operator",
    params(
        ("pattern" = String, Path, description = "The host pattern"),
        ("force" = Option<bool>, Query, description = "Go on although somebody is locked out"),
        ("dry_run" = Option<bool>, Query, description = "Check, and change nothing"),
        ("base" = Option<u64>, Query, description = "Refuse unless this version is the live one"),
    ),
    responses(
        (status = 200, description = "The published version and the change", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn remove(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(pattern): Path<String>,
    Query(care): Query<Care>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let pattern = parse(&pattern)?;
    let mut connection = state.store.read().await?;
    let active = installations::count(&mut connection, &state.account).await?;
    drop(connection);
    let published = publish(&state, &caller.name, care.dry_run, |config| {
        care.is_of(config)?;
        let place = config.hosts.iter().position(|held| held.host == pattern);
        let place = place.ok_or_else(|| Refusal::with(Status::NotFound, format!("No entry for {pattern}.")))?;
        let old = config.clone();
        let before = config.hosts.remove(place);
        guard_change((&old, config), &pattern, Seen { chains: None, active }, care.force)?;
        Ok(Edit {
            action: "host.remove",
            subject: pattern.to_string(),
            before: json!({ "entry": before }),
            after: Value::Null,
            policy: None,
        })
    })
    .await?;
    let change = json!({ "before": published.edit.before, "after": published.edit.after });
    Ok(Json(json!({ "version": published.version, "dry_run": care.dry_run, "change": change })))
}

fn put(config: &mut Config, place: Option<usize>, entry: HostEntry) {
    match place.and_then(|place| config.hosts.get_mut(place)) {
        Some(held) => *held = entry,
        None => config.hosts.push(entry),
    }
}

fn parse(pattern: &str) -> Result<HostPattern, Refusal> {
    HostPattern::parse(pattern).map_err(|error| Refusal::with(Status::MalformedRequest, format!("{error}.")))
}

/// Reads the body more strictly than a device would: a device takes an unknown mode for `enforce`, an operator's typing
/// error has to be told.
fn read(pattern: &str, mut body: Map<String, Value>) -> Result<Wanted, Refusal> {
    let wrong = |what: String| Refusal::with(Status::MalformedRequest, what);
    let pattern = parse(pattern)?;
    if let Some(unknown) = body.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(wrong(format!("A host entry has no member `{unknown}`.")));
    }
    for (member, known) in
        [("mode", &["enforce", "report", "off"][..]), ("without_token", &["send", "fail"]), ("signing", &["off"])]
    {
        let value = body.get(member);
        if value.is_some_and(|value| !value.as_str().is_some_and(|text| known.contains(&text))) {
            return Err(wrong(format!("`{member}` is one of {}.", known.join(", "))));
        }
    }
    if body.get("host").is_some_and(|host| host.as_str().and_then(|host| parse(host).ok()).as_ref() != Some(&pattern)) {
        return Err(wrong("`host` in the body is not the one in the path.".to_owned()));
    }
    let policy = take(&mut body, "policy")?;
    let chains = take(&mut body, "chains")?;
    body.insert("host".to_owned(), Value::String(pattern.to_string()));
    let entry: HostEntry = serde_json::from_value(Value::Object(body)).map_err(|error| body::malformed(&error))?;
    if entry.pins.skipped() > 0 {
        return Err(wrong("A pin is of an unknown kind: expected sha256/ and 44 characters of base64.".to_owned()));
    }
    if entry.audience.as_deref().is_some_and(is_development_audience) {
        return Err(wrong(format!(
            "An audience ending in {DEVELOPMENT_SUFFIX} is reserved for tokens made with development keys: name the \
             host's own audience, and the gateway the one with {DEVELOPMENT_SUFFIX}."
        )));
    }
    Ok(Wanted { entry, policy, chains })
}

fn take<T: serde::de::DeserializeOwned>(body: &mut Map<String, Value>, member: &str) -> Result<Option<T>, Refusal> {
    match body.remove(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|error| Refusal::with(Status::MalformedRequest, format!("`{member}`: {error}."))),
    }
}
