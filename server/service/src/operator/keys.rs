//! Rotation of token and challenge keys, with overlap.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::encoding::to_base64url;
use bonafide_protocol::status::Status;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use crate::error::ServiceError;
use crate::keys::{Keyring, NewKey, Purpose};
use crate::query::{Path, Query};
use crate::reply::Refusal;
use crate::state::State;
use crate::store::{accounts, keys};
use crate::{audit, challenge, issue};

/// Clocks differ, and requests take their time: an old key is good for this much longer than what it signed, in seconds.
const MARGIN: u64 = 120;

/// A new token key is published for so long before it signs, in seconds: as long as our own gateways hold a JWKS for at
/// most. Those that do not look again for a `kid` that they do not know would refuse everybody until then.
const NOTICE: u64 = 600;

/// The query of [`rotate`].
#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// `ES256` (default) or `HS256`; for token keys.
    algorithm: Option<String>,
    /// The old key is in the wrong hands: the new one signs at once, and nothing that the old one signed is good any
    /// more.
    #[serde(default)]
    now: bool,
}

/// A new key signs from now on; the old one is good until the last thing that it signed has ended.
#[utoipa::path(
    post,
    path = "/admin/v1/keys/{purpose}/rotate",
    tag = "operator",
    params(
        ("purpose" = String, Path, description = "`token` or `challenge`"),
        ("algorithm" = Option<String>, Query, description = "`ES256` or `HS256`, for token keys"),
        ("now" = Option<bool>, Query, description = "The old key was stolen: it ends at once, without overlap"),
    ),
    responses(
        (status = 200, description = "The new key; with HS256 its secret, this once", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn rotate(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(purpose): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Publish)?;
    let algorithm = match wanted.algorithm.as_deref() {
        None | Some("ES256") => Algorithm::ES256,
        Some("HS256") => Algorithm::HS256,
        Some(_) => return Err(Refusal::with(Status::MalformedRequest, "`algorithm` is ES256 or HS256.")),
    };
    let (retiring, lifetime, fresh): (&[Purpose], u64, Vec<NewKey>) = match purpose.as_str() {
        "token" => {
            let pair = NewKey::token(algorithm).map_err(ServiceError::from)?;
            (&[Purpose::Token, Purpose::Decoy], *issue::LIFETIMES.end(), pair.into())
        }
        "challenge" => {
            let key = NewKey::symmetric(Purpose::Challenge).map_err(ServiceError::from)?;
            (&[Purpose::Challenge], challenge::LIFETIME, vec![key])
        }
        "config" => {
            let what = "Config keys are replaced by a new root: `bonafide root rotate`.";
            return Err(Refusal::with(Status::Conflict, what));
        }
        _ => return Err(Refusal::with(Status::NotFound, "`purpose` is token or challenge.")),
    };
    let now = state.now();
    // Challenges are checked here only: nobody has to be told.
    let signs_from = if purpose == "token" && !wanted.now { now + NOTICE } else { now };
    // Honest apps that hold something of a stolen key's ask anew within half a token's life; a thief has nothing else.
    let ends_at = if wanted.now { 0 } else { signs_from + lifetime + MARGIN };
    let kid = fresh.first().map(|key| key.kid.clone()).unwrap_or_default();
    let mut change = state.store.change().await?;
    // From the database and not from the snapshot: another node may have rotated since.
    let rows = keys::all(&mut change, &state.account).await?;
    let keyring = Keyring::open(&state.master, &state.account, &rows).map_err(ServiceError::from)?;
    let signing = keyring.signing_token(now).map(|key| key.kid.as_str());
    for purpose in retiring {
        if wanted.now {
            keys::revoke(&mut change, &state.account, purpose.name()).await?;
            continue;
        }
        let signing = signing.filter(|_| *purpose != Purpose::Challenge);
        keys::supersede(&mut change, &state.account, purpose.name(), signing, now).await?;
        keys::retire(&mut change, &state.account, purpose.name(), signing, ends_at).await?;
    }
    for key in &fresh {
        let mut row = key.seal(&state.master, &state.account, now).map_err(ServiceError::from)?;
        row.signs_from = Some(signs_from);
        keys::insert(&mut change, &state.account, &row).await?;
    }
    let after = json!({ "kid": kid, "signs_from": signs_from, "old_ends_at": ends_at });
    audit::record(&state, &mut change, &caller.name, "key.rotate", &purpose, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    // The secret below is shown this once, whatever happens now; every node looks for changes by itself.
    if let Err(error) = state.reload().await {
        tracing::warn!(%error, "the new key is stored, and could not be read yet");
    }

    let mut answer = json!({ "purpose": purpose, "kid": kid, "signs_from": signs_from, "old_ends_at": ends_at });
    let symmetric = fresh.iter().find(|key| key.purpose == Purpose::Token && key.algorithm == "HS256");
    if let (Some(key), Some(members)) = (symmetric, answer.as_object_mut()) {
        // A gateway needs it, and no JWKS may carry it: it is shown this once.
        members.insert("algorithm".to_owned(), json!("HS256"));
        members.insert("secret".to_owned(), json!(to_base64url(&key.secret)));
    }
    Ok(Json(answer))
}
