//! `POST /v1/challenges`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::message::{ChallengeRequest, ChallengeResponse};

use crate::body;
use crate::challenge;
use crate::reply::{Refusal, must};
use crate::state::State;

pub(super) async fn issue(
    Shared(state): Shared<Arc<State>>,
    body::Json(request): body::Json<ChallengeRequest, 4096>,
) -> Result<Json<ChallengeResponse>, Refusal> {
    super::known_account(&state, &request.account)?;
    let now = state.now();
    let snapshot = state.snapshot();
    let issued = challenge::issue(&snapshot.keyring.challenges, &state.account, now, None);
    state.metrics.count("bonafide_challenges_total", &[]);
    Ok(Json(ChallengeResponse {
        challenge: must(issued, "no challenge could be made")?,
        expires_in: challenge::LIFETIME,
        server_time: now,
        rollout: snapshot.rules.evidence.rollout(),
    }))
}
