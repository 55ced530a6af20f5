//! What devices would make of chains: asked before pins are changed.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::config::{Config, Mode};
use bonafide_protocol::host::Host;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::{Caller, Scope};
use super::pins::Chains;
use super::{BODY, configs};
use crate::body;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{documents, installations};

/// The body of [`impact`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImpactQuestion)]
pub(crate) struct Question {
    /// A host name or address.
    host: String,
    /// The port that serves them; without one, any. The service's own pins are for its own port.
    port: Option<u16>,
    /// The chains served now, as pins, leaf first.
    #[schema(value_type = Vec<Vec<String>>)]
    chains: Chains,
}

/// Which configs that somebody may hold would refuse these chains, and on how many active installations.
#[utoipa::path(
    post,
    path = "/admin/v1/impact",
    tag = "operator",
    request_body = Question,
    responses(
        (status = 200, description = "The configs that would refuse these chains", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn impact(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(question): body::Json<Question, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let host =
        Host::parse(&question.host).map_err(|error| Refusal::with(Status::MalformedRequest, format!("{error}.")))?;
    let mut view = state.store.view().await?;
    let rows = documents::held_configs(&mut view, &state.account).await?;
    let counts: HashMap<_, _> =
        installations::count_by_position(&mut view, &state.account).await?.into_iter().collect();
    drop(view);
    let live = state.snapshot().position();
    let mut total = 0;
    let mut refusing = Vec::new();
    for row in rows {
        let Ok(config) = serde_json::from_value::<Config>(configs::payload(&row.jws)) else {
            continue;
        };
        let chains: Vec<usize> = refused(&config, &host, question.port, &question.chains);
        if chains.is_empty() {
            continue;
        }
        let active = counts.get(&(row.epoch, row.version)).copied().unwrap_or(0);
        total += active;
        refusing.push(json!({
            "epoch": row.epoch,
            "version": row.version,
            "live": (row.epoch, row.version) == live,
            "exported_at": row.exported_at,
            "active_installations": active,
            "chains": chains,
        }));
    }
    Ok(Json(json!({ "host": host.to_string(), "refusing": refusing, "active_installations": total })))
}

/// The places of the chains that a device with this config would refuse.
fn refused(config: &Config, host: &Host, port: Option<u16>, chains: &[Vec<Pin>]) -> Vec<usize> {
    let entry = config.entry(host).filter(|entry| entry.mode == Mode::Enforce);
    let own = url::Url::parse(&config.service.url)
        .ok()
        .filter(|url| port.is_none() || url.port_or_known_default() == port)
        .and_then(|url| url.host_str().and_then(|own| Host::parse(own).ok()))
        .is_some_and(|own| own == *host);
    let refuses = |chain: &[Pin]| {
        let by_entry = entry.is_some_and(|entry| !chain.iter().any(|pin| entry.pins.pins().contains(pin)));
        let by_service = own && !chain.first().is_some_and(|leaf| config.service.pins.pins().contains(leaf));
        by_entry || by_service
    };
    chains.iter().enumerate().filter(|(_, chain)| refuses(chain)).map(|(place, _)| place).collect()
}
