//! Health and metrics.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::reply::Refusal;
use crate::state::State;

/// The process answers.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// The database answers too.
pub(crate) async fn ready(Shared(state): Shared<Arc<State>>) -> Result<&'static str, Refusal> {
    state.reload_if_changed().await?;
    Ok("ok\n")
}

/// What Prometheus reads.
pub(crate) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}
