//! The service's own place and pins, and what a change of them has to stand up to.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::config::Service;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope};
use super::hosts::Care;
use crate::body;
use crate::documents::{Edit, publish, unusable};
use crate::query::Query;
use crate::reply::Refusal;
use crate::state::State;

/// The chains that the host serves now, as its pins, leaf first: one for each address and kind of key.
pub(super) type Chains = Vec<Vec<Pin>>;

/// The body of [`replace_service`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceChange)]
pub(crate) struct WantedService {
    /// An `https` URL.
    url: Option<String>,
    /// At least two pins, of the leaf.
    #[schema(value_type = Option<Vec<String>>)]
    pins: Option<Vec<Pin>>,
    /// The roots of a private CA, DER in base64; empty: the platform's trust.
    roots: Option<Vec<String>>,
    /// The chains served now, as pins, leaf first.
    #[schema(value_type = Option<Vec<Vec<String>>>)]
    chains: Option<Chains>,
}

/// Says where the service is and how it is recognised. What is left out stays.
#[utoipa::path(
    put,
    path = "/admin/v1/service",
    tag = "operator",
    params(
        ("force" = Option<bool>, Query, description = "Go on although somebody is locked out"),
        ("dry_run" = Option<bool>, Query, description = "Check, and change nothing"),
        ("base" = Option<u64>, Query, description = "Refuse unless this version is the live one"),
    ),
    request_body = WantedService,
    responses(
        (status = 200, description = "The published version and the change", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn replace_service(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(care): Query<Care>,
    body::Json(wanted): body::Json<WantedService, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let published = publish(&state, &caller.name, care.dry_run, |config| {
        care.is_of(config)?;
        let before = config.service.clone();
        let after = Service {
            url: wanted.url.unwrap_or_else(|| before.url.clone()),
            pins: wanted.pins.map_or_else(|| before.pins.clone(), bonafide_protocol::pin::PinList::new),
            roots: wanted.roots.unwrap_or_else(|| before.roots.clone()),
        };
        config.service = after.clone();
        config.check().map_err(|error| unusable(&error))?;
        guard_service(&before, &after, wanted.chains.as_deref(), care.force)?;
        Ok(Edit {
            action: "service.change",
            subject: after.url.clone(),
            before: json!(before),
            after: json!({ "service": after, "forced": care.force }),
            policy: None,
        })
    })
    .await?;
    let change = json!({ "before": published.edit.before, "after": published.edit.after });
    Ok(Json(json!({ "version": published.version, "dry_run": care.dry_run, "change": change })))
}

/// The service's pins match the leaf only, and are at least two, forced or not.
fn guard_service(before: &Service, after: &Service, chains: Option<&[Vec<Pin>]>, force: bool) -> Result<(), Refusal> {
    for root in &after.roots {
        let der = bonafide_protocol::encoding::from_base64(root).unwrap_or_default();
        if Pin::of_certificate(&der).is_err() {
            return Err(Refusal::with(Status::MalformedRequest, "`roots` are certificates, DER in base64."));
        }
    }
    let pins = after.pins.pins();
    if pins.iter().collect::<HashSet<_>>().len() < 2 {
        return Err(conflict("The service itself needs at least two different pins, forced or not.".to_owned()));
    }
    if force {
        return Ok(());
    }
    // Devices that go to the wrong place, or trust nobody there, hear of no correction: not even of the recovery call's.
    if (before.url != after.url || before.roots != after.roots) && seen(chains).is_none() {
        return Err(conflict(
            "The service's URL or roots are to change, and the request does not say what is served there now (`chains`): \
             devices that find nothing there are lost until the app is updated."
                .to_owned(),
        ));
    }
    let refused = match seen(chains) {
        Some(chains) => chains.iter().any(|chain| !chain.first().is_some_and(|leaf| pins.contains(leaf))),
        None => !before.pins.pins().iter().any(|pin| pins.contains(pin)),
    };
    if refused {
        return Err(conflict(
            "The new pins do not match what the service serves now: devices would be left with the public config \
             call alone."
                .to_owned(),
        ));
    }
    Ok(())
}

/// A list without a chain says no more of what is served than no list.
pub(super) fn seen(chains: Option<&[Vec<Pin>]>) -> Option<&[Vec<Pin>]> {
    chains.filter(|chains| !chains.is_empty())
}

pub(super) fn conflict(what: String) -> Refusal {
    Refusal::with(Status::Conflict, what)
}
