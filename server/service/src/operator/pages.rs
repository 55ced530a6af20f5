//! Health and metrics.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::reply::Refusal;
use crate::state::State;

/// The process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "open",
    responses(
        (status = 200, description = "The process answers", body = String),
    ),
)]
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// The database answers too.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "open",
    responses(
        (status = 200, description = "The database answers too", body = String),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
)]
pub(crate) async fn ready(Shared(state): Shared<Arc<State>>) -> Result<&'static str, Refusal> {
    state.reload_if_changed().await?;
    Ok("ok\n")
}

/// What Prometheus reads.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "open",
    responses(
        (status = 200, description = "Prometheus's text form", body = String),
    ),
)]
pub(crate) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}
