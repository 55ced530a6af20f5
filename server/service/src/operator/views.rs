//! What operators look at.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::arc::Arc as ResponseCode;
use bonafide_protocol::encoding::sha256;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use crate::openapi::Refusals;
use crate::query::{Path, Query};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{apps, installations, logs};

/// How many rows of a list.
#[derive(Deserialize)]
pub(crate) struct Limit {
    pub(super) limit: Option<u64>,
}

impl Limit {
    pub(super) fn rows(&self) -> u64 {
        self.limit.unwrap_or(100).min(1000)
    }
}

/// The account at a glance.
#[utoipa::path(
    get,
    path = "/admin/v1/account",
    tag = "operator",
    responses(
        (status = 200, description = "The account at a glance", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn account(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let installations = installations::count(&mut connection, &state.account).await?;
    let builds = apps::all(&mut connection, &state.account).await?;
    drop(connection);
    let snapshot = state.snapshot();
    let (epoch, version) = snapshot.position();
    let now = state.now();
    let signing = snapshot.keyring.signing_token(now);
    Ok(Json(json!({
        "account": state.account,
        "epoch": epoch,
        "version": version,
        "service": snapshot.config().service,
        "hosts": snapshot.config().hosts.len(),
        "apps": builds.iter().filter(|row| row.retired_at.is_none()).count(),
        "installations": installations,
        "server_time": now,
        "token_algorithm": signing.map(|key| key.algorithm),
        "root_key_on_this_machine": state.root_key.exists(),
    })))
}

/// What a code stands for. A later version of the service may have written one that this one does not know.
pub(super) fn explained(code: &str) -> &'static str {
    Finding::from_code(code).map_or("unknown to this version of the service", Finding::explanation)
}

/// Pin mismatches seen by devices, the newest first. What anybody with a key can say: for eyes, never for pins.
#[utoipa::path(
    get,
    path = "/admin/v1/reports",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
    ),
    responses(
        (status = 200, description = "Pin mismatches seen by devices, the newest first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn reports(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = logs::reports(&mut connection, &state.account, limit.rows()).await?;
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut report = serde_json::from_str(&row.report).unwrap_or(Value::Null);
            escape(&mut report);
            if let Some(members) = report.as_object_mut() {
                members.insert("received_at".to_owned(), json!(row.received_at));
                members.insert("key".to_owned(), json!(row.thumbprint));
            }
            report
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// What a code that a user read out stands for.
#[utoipa::path(
    get,
    path = "/admin/v1/arc/{code}",
    tag = "operator",
    params(
        ("code" = String, Path, description = "What the user read out"),
    ),
    responses(
        (status = 200, description = "What the code stands for", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn arc(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(code): Path<String>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let snapshot = state.snapshot();
    let opened = ResponseCode::open(&code, &snapshot.keyring.arc, &state.account)
        .map_err(|error| Refusal::with(Status::NotFound, format!("The code: {error}.")))?;
    let mut connection = state.store.read().await?;
    let ids = installations::ids(&mut connection, &state.account).await?;
    let known = ids.into_iter().find(|id| sha256(id.as_bytes()).starts_with(&opened.installation));
    let findings: Vec<Value> = opened
        .findings
        .iter()
        .map(|finding| json!({ "code": finding.code(), "explanation": finding.explanation() }))
        .collect();
    Ok(Json(
        json!({ "time": opened.time, "installation": known, "findings": findings, "unknown_bits": opened.unknown }),
    ))
}

/// Changes, the newest first.
#[utoipa::path(
    get,
    path = "/admin/v1/audit",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
    ),
    responses(
        (status = 200, description = "Changes, the newest first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn audit(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = logs::audit(&mut connection, &state.account, limit.rows()).await?;
    let read = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "time": row.time,
                "actor": row.actor,
                "action": row.action,
                "subject": row.subject,
                "before": read(&row.before),
                "after": read(&row.after),
            })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// Text from devices, fit for a terminal: no control characters, no marks that turn the direction of a line.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().take(200) {
        let hidden = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        if character.is_control() || hidden {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

pub(super) fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = shown(text),
        Value::Array(list) => list.iter_mut().for_each(escape),
        Value::Object(members) => members.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_devices_cannot_steer_a_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\r\n"), "a\\u{1b}[31mb\\u{d}\\u{a}");
        assert_eq!(shown("abc\u{202e}def"), "abc\\u{202e}def");
        assert_eq!(shown("Bücher 1.0"), "Bücher 1.0");
    }
}
