//! What the service itself sees of a server: whoever intercepts the operator's machine rarely intercepts the service too.

use std::num::NonZeroU16;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::host::Host;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::{Caller, Scope};
use crate::body;
use crate::look::{KeyKind, Shown, WITHIN, look};
use crate::reply::Refusal;
use crate::state::State;

/// A host name and a number.
const BODY: usize = 8 * 1024;

/// The body of [`look_at`].
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LookWanted)]
pub(crate) struct Wanted {
    /// A host name or address.
    host: String,
    #[schema(value_type = u16, minimum = 1)]
    port: NonZeroU16,
}

/// The leaf pins that a server shows to the service at every address, to clients with elliptic and with RSA keys only.
/// A TLS handshake is all that is made. Nothing is validated.
#[utoipa::path(
    post,
    path = "/admin/v1/look",
    tag = "operator",
    request_body = Wanted,
    responses(
        (status = 200, description = "What was seen, or why nothing was", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn look_at(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(wanted): body::Json<Wanted, BODY>,
) -> Result<Json<Value>, Refusal> {
    // Whoever may ask makes the service connect to where only the service can reach.
    caller.needs(Scope::Publish)?;
    let host =
        Host::parse(&wanted.host).map_err(|error| Refusal::with(Status::MalformedRequest, format!("{error}.")))?;
    let port = wanted.port.get();
    let Ok(_looking) = state.looking.try_lock() else {
        return Err(Refusal::too_many(WITHIN.as_secs()));
    };
    let (leaves, silent, unresolved) = match look(&host, port).await {
        Ok(shown) => {
            let (leaves, silent) = sort(&shown);
            (leaves, silent, None)
        }
        Err(error) => (Vec::new(), Vec::new(), Some(error.to_string())),
    };
    Ok(Json(json!({
        "host": host.to_string(), "port": port, "leaves": leaves, "silent": silent, "unresolved": unresolved,
    })))
}

/// The leaves, and what gave none.
fn sort(shown: &[Shown]) -> (Vec<Value>, Vec<Value>) {
    let (mut leaves, mut silent) = (Vec::new(), Vec::new());
    for one in shown {
        let address = one.address.to_string();
        let key = match one.kind {
            KeyKind::Elliptic => "elliptic",
            KeyKind::Rsa => "rsa",
        };
        let pin = match &one.chain {
            Ok(chain) => Pin::of_certificate(chain.first().map_or(&[], |leaf| leaf)).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match pin {
            Ok(pin) => leaves.push(json!({ "address": address, "key": key, "pin": pin })),
            Err(error) => silent.push(json!({ "address": address, "key": key, "error": error })),
        }
    }
    (leaves, silent)
}
