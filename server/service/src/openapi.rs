//! The operator's API, described by itself (OpenAPI 3.1).

use axum::Json;
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refused {
    /// A code of `tests/vectors/statuses.json`.
    code: String,
    /// What is wrong and what to do next.
    message: String,
}

/// What every call of an operator may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described: the refusals themselves are made in `reply`")]
pub(crate) enum Refusals {
    /// A refusal, with its code
    #[response(status = "4XX")]
    Refused(Refused),
    /// The service cannot serve now
    #[response(status = "5XX")]
    Unavailable(Refused),
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Bonafide: the operator's API", description = "What each answer holds: docs/operator-api.md."),
    paths(
        crate::operator::jwks::live,
        crate::operator::jwks::decoys,
        crate::operator::pages::health,
        crate::operator::pages::ready,
        crate::operator::pages::metrics,
        crate::operator::views::account,
        crate::operator::devices::appraisals,
        crate::operator::views::reports,
        crate::operator::views::arc,
        crate::operator::devices::installations,
        crate::operator::views::audit,
        crate::operator::policy::live,
        crate::operator::policy::set,
        crate::operator::policy::try_out,
        crate::operator::policy::history,
        crate::operator::forced::list,
        crate::operator::forced::force,
        crate::operator::forced::clear,
        crate::operator::development_keys::list,
        crate::operator::development_keys::create,
        crate::operator::development_keys::rotate,
        crate::operator::development_keys::revoke,
        crate::operator::configs::live,
        crate::operator::configs::list,
        crate::operator::configs::former,
        crate::operator::configs::export,
        crate::operator::hosts::replace,
        crate::operator::hosts::remove,
        crate::operator::pins::replace_service,
        crate::operator::impact::impact,
        crate::operator::look::look_at,
        crate::operator::apps::list,
        crate::operator::apps::register,
        crate::operator::apps::retire,
        crate::operator::keys::rotate,
        crate::operator::roots::prepare,
        crate::operator::roots::publish,
        crate::operator::evidence::live,
        crate::operator::evidence::set_list,
        crate::operator::evidence::remove_list,
        crate::operator::evidence::set_play_keys,
        crate::operator::evidence::remove_play_keys,
        crate::operator::tokens::list,
        crate::operator::tokens::make,
        crate::operator::tokens::remove,
    ),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("operator", SecurityScheme::Http(scheme));
    }
}

/// `GET /openapi.json`.
pub(crate) async fn page() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
