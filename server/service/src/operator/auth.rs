//! Who calls, and what they may do.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use bonafide_protocol::encoding::{sha256, to_base64url, to_hex};
use bonafide_protocol::key::KeyError;
use bonafide_protocol::status::Status;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reply::Refusal;
use crate::state::State;
use crate::store::operators::OperatorRow;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Change configs and keys.
    Publish,
    /// Register and retire builds.
    Register,
    /// Change policies.
    Policy,
    /// Look at everything.
    Read,
}

impl Scope {
    pub(crate) const ALL: [Self; 4] = [Self::Publish, Self::Register, Self::Policy, Self::Read];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Register => "register",
            Self::Policy => "policy",
            Self::Read => "read",
        }
    }
}

/// A caller whose token is known.
pub(crate) struct Caller {
    /// For the audit log.
    pub(crate) name: String,
    scopes: String,
}

impl Caller {
    /// Refuses a caller without the scope.
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes.split(' ').any(|held| held == scope.name()) {
            Ok(())
        } else {
            Err(Refusal::with(Status::Forbidden, format!("It needs the scope `{}`.", scope.name())))
        }
    }
}

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Refusal> {
        let secret = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim())
            .ok_or_else(|| Refusal::new(Status::Unauthorized))?;
        let digest = digest(secret);
        let snapshot = state.snapshot();
        // Every token is compared, each in constant time.
        let mut found = None;
        for row in &snapshot.operators {
            if verify_slices_are_equal(row.digest.as_bytes(), digest.as_bytes()).is_ok() {
                found = Some(row);
            }
        }
        let row = found.ok_or_else(|| Refusal::new(Status::Unauthorized))?;
        Ok(Self { name: row.name.clone(), scopes: row.scopes.clone() })
    }
}

/// A new operator token: its secret, shown once, and the row that is stored.
pub(crate) fn new_token(name: &str, scopes: &[Scope], now: u64) -> Result<(String, OperatorRow), KeyError> {
    let mut random = [0; 41];
    SystemRandom::new().fill(&mut random).map_err(|_| KeyError::Random)?;
    let (id, secret) = random.split_at(9);
    // The prefix lets secret scanners find a token that slipped into a repository.
    let secret = format!("bonafide_{}", to_base64url(secret));
    let names: Vec<&str> = Scope::ALL.iter().filter(|scope| scopes.contains(scope)).map(|scope| scope.name()).collect();
    let row = OperatorRow {
        token_id: to_base64url(id),
        name: name.to_owned(),
        digest: digest(&secret),
        scopes: names.join(" "),
        created_at: now,
    };
    Ok((secret, row))
}

fn digest(secret: &str) -> String {
    to_hex(&sha256(secret.as_bytes()))
}
