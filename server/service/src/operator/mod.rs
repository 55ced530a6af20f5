//! What operators and gateways call.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};

use crate::state::State;

pub(crate) mod apps;
pub(crate) mod auth;
pub(crate) mod configs;
pub(crate) mod development_keys;
pub(crate) mod devices;
pub(crate) mod evidence;
pub(crate) mod forced;
mod guard;
pub(crate) mod hosts;
pub(crate) mod impact;
pub(crate) mod jwks;
pub(crate) mod keys;
pub(crate) mod look;
pub(crate) mod pages;
pub(crate) mod pins;
pub(crate) mod policy;
pub(crate) mod roots;
pub(crate) mod tokens;
pub(crate) mod views;

/// The largest body: a config of a thousand hosts.
const BODY: usize = 1024 * 1024;

/// The routes of the operator's listener.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/healthz", get(pages::health))
        .route("/readyz", get(pages::ready))
        .route("/metrics", get(pages::metrics))
        .route("/openapi.json", get(crate::openapi::page))
        .route("/.well-known/jwks.json", get(jwks::live))
        .route("/admin/v1/decoy-keys", get(jwks::decoys))
        .route("/admin/v1/account", get(views::account))
        .route("/admin/v1/config", get(configs::live))
        .route("/admin/v1/configs", get(configs::list))
        .route("/admin/v1/config/export", post(configs::export))
        .route("/admin/v1/config/{version}", get(configs::former))
        .route("/admin/v1/hosts/{pattern}", put(hosts::replace).delete(hosts::remove))
        .route("/admin/v1/service", put(pins::replace_service))
        .route("/admin/v1/impact", post(impact::impact))
        .route("/admin/v1/look", post(look::look_at))
        .route("/admin/v1/apps", get(apps::list).post(apps::register))
        .route("/admin/v1/apps/{app_id}/retire", post(apps::retire))
        .route("/admin/v1/keys/{purpose}/rotate", post(keys::rotate))
        .route("/admin/v1/roots/prepare", post(roots::prepare))
        .route("/admin/v1/roots", post(roots::publish))
        .route("/admin/v1/appraisals", get(devices::appraisals))
        .route("/admin/v1/reports", get(views::reports))
        .route("/admin/v1/arc/{code}", get(views::arc))
        .route("/admin/v1/installations", get(devices::installations))
        .route("/admin/v1/installations/{installation}/forced", put(forced::force).delete(forced::clear))
        .route("/admin/v1/forced", get(forced::list))
        .route("/admin/v1/development-keys", get(development_keys::list).post(development_keys::create))
        .route("/admin/v1/development-keys/{key_id}", delete(development_keys::revoke))
        .route("/admin/v1/development-keys/{key_id}/rotate", post(development_keys::rotate))
        .route("/admin/v1/policy", get(policy::live).put(policy::set))
        .route("/admin/v1/policy/try", post(policy::try_out))
        .route("/admin/v1/policies", get(policy::history))
        .route("/admin/v1/evidence", get(evidence::live))
        .route("/admin/v1/evidence/lists/{name}", put(evidence::set_list).delete(evidence::remove_list))
        .route(
            "/admin/v1/evidence/play-integrity/{package}",
            put(evidence::set_play_keys).delete(evidence::remove_play_keys),
        )
        .route("/admin/v1/audit", get(views::audit))
        .route("/admin/v1/tokens", get(tokens::list).post(tokens::make))
        .route("/admin/v1/tokens/{token_id}", delete(tokens::remove))
}
