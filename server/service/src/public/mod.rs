//! What devices call: `/v1`.

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::state::State;

mod challenges;
mod config;
mod quota;
mod reports;
mod tokens;

/// The routes of the public listener.
pub(crate) fn routes(public_jwks: bool) -> Router<Arc<State>> {
    let routes = Router::new()
        .route("/v1/challenges", post(challenges::issue))
        .route("/v1/tokens", post(tokens::issue))
        .route("/v1/config", get(config::newer))
        .route("/v1/reports", post(reports::receive).layer(Extension(Arc::new(quota::Desk::default()))));
    if public_jwks { routes.route("/.well-known/jwks.json", get(crate::operator::jwks::live)) } else { routes }
}

/// The account has to be the one that this service has.
fn known_account(state: &State, account: &str) -> Result<(), crate::reply::Refusal> {
    if state.account == account {
        Ok(())
    } else {
        Err(crate::reply::Refusal::new(bonafide_protocol::status::Status::UnknownAccount))
    }
}
