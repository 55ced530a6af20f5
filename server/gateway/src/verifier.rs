//! `TokenVerifier`: one token in, verified claims or a refusal out.

use std::sync::Arc;

use bonafide_protocol::claims::{Claims, issuer};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::cache::KeyCache;
use crate::check::{Binding, Expected, Parts, check_claims};
use crate::clock::Clock;
use crate::refusal::{Refusal, shortened};

/// What tokens are signed with.
#[non_exhaustive]
pub enum Keys {
    /// ES256 by one of the published keys: the default.
    Published {
        /// The live keys.
        live: KeyCache,
        /// The decoy keys, so that the log tells a decoy from a forgery. Without them both are `signature`.
        decoys: Option<KeyCache>,
    },
    /// HS256 by a shared secret. ES256 is off then, and the secret has to be kept as well as the service's own keys.
    Secret {
        /// The secret; RFC 7518 section 3.2 asks for 32 bytes at least.
        secret: Vec<u8>,
        /// The `kid` that tokens have to name, if any.
        kid: Option<String>,
    },
}

/// What a verifier holds tokens against.
#[derive(Clone, Debug)]
pub struct VerifierSettings {
    /// The account whose tokens are accepted.
    pub account: String,
    /// How far in the future `iat` may lie, in seconds, for clocks that differ a little.
    pub leeway_seconds: u64,
    /// An emergency, opened by the operator.
    pub grace: Option<Grace>,
}

impl VerifierSettings {
    /// Tokens of this account, 30 s of leeway, no grace.
    pub fn new(account: impl Into<String>) -> Self {
        Self { account: account.into(), leeway_seconds: 30, grace: None }
    }
}

/// While the service is down: genuine tokens that expired a short while ago are accepted, until a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// The most seconds since a token's end.
    pub expired_at_most: u64,
    /// When the grace itself ends, Unix seconds.
    pub open_until: u64,
}

/// A token that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// Whether it was still good.
    pub freshness: Freshness,
}

/// Whether an accepted token was still good. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It was.
    Fresh,
    /// It had expired, and the operator's [`Grace`] let it pass.
    Grace {
        /// Seconds since its end, at least 1.
        expired_ago: u64,
    },
}

/// Verifies tokens. Cheap to clone, to be shared by all threads.
#[derive(Clone)]
pub struct TokenVerifier {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Held,
    issuer: String,
    leeway: u64,
    grace: Option<Grace>,
    clock: Arc<dyn Clock>,
}

enum Held {
    Published { live: KeyCache, decoys: Option<KeyCache> },
    Secret { key: DecodingKey, kid: Option<String> },
}

impl TokenVerifier {
    /// A verifier for one account's tokens.
    pub fn new(keys: Keys, settings: VerifierSettings, clock: Arc<dyn Clock>) -> Self {
        let keys = match keys {
            Keys::Published { live, decoys } => Held::Published { live, decoys },
            Keys::Secret { secret, kid } => Held::Secret { key: DecodingKey::from_secret(&secret), kid },
        };
        let VerifierSettings { account, leeway_seconds: leeway, grace } = settings;
        Self { shared: Arc::new(Shared { keys, issuer: issuer(&account), leeway, grace, clock }) }
    }

    /// Fetches the published keys ahead of the first token. Returns whether there are keys to verify with.
    pub async fn warm(&self) -> bool {
        match &self.shared.keys {
            Held::Published { live, decoys } => {
                if let Some(decoys) = decoys {
                    decoys.warm().await;
                }
                live.warm().await
            }
            Held::Secret { .. } => true,
        }
    }

    /// Verifies `token` for `audience`. May wait for one fetch of the published keys. Needs a tokio runtime.
    pub async fn verify(&self, token: &str, audience: &str) -> Result<Verified, Refusal> {
        self.judge(token, audience, Binding::NotDemanded).await
    }

    /// As [`TokenVerifier::verify`], and the token has to be bound to `data`; `None` where the request lacks the data.
    pub async fn verify_bound(&self, token: &str, audience: &str, data: Option<&[u8]>) -> Result<Verified, Refusal> {
        self.judge(token, audience, Binding::Demanded(data)).await
    }

    pub(crate) async fn judge(&self, token: &str, audience: &str, binding: Binding<'_>) -> Result<Verified, Refusal> {
        let shared = &*self.shared;
        let parts = match &shared.keys {
            Held::Published { live, decoys } => published(token, live, decoys.as_ref()).await?,
            Held::Secret { key, kid } => {
                let parts = Parts::read(token, "HS256")?;
                if kid.is_some() && parts.kid() != kid.as_deref() {
                    return Err(unknown(&parts));
                }
                if !parts.is_signed_by(key, Algorithm::HS256)? {
                    return Err(Refusal::Signature);
                }
                parts
            }
        };
        let claims = parts.claims()?;
        let now = shared.clock.unix_seconds();
        let grace = shared.grace.filter(|grace| now < grace.open_until).map_or(0, |grace| grace.expired_at_most);
        let expected = Expected { issuer: &shared.issuer, audience, now, leeway: shared.leeway, grace, binding };
        let freshness = match check_claims(&claims, &expected)? {
            0 => Freshness::Fresh,
            expired_ago => Freshness::Grace { expired_ago },
        };
        Ok(Verified { claims, freshness })
    }
}

/// Reads a token that one of the published keys has to have signed.
async fn published<'a>(token: &'a str, live: &KeyCache, decoys: Option<&KeyCache>) -> Result<Parts<'a>, Refusal> {
    let parts = Parts::read(token, "ES256")?;
    let kid = parts.kid().ok_or_else(|| unknown(&parts))?;
    let key = live.find(kid).await.ok_or_else(|| unknown(&parts))?;
    if parts.is_signed_by(&key, Algorithm::ES256)? {
        return Ok(parts);
    }
    let decoy = match decoys {
        Some(decoys) => decoys.find(kid).await,
        None => None,
    };
    if decoy.map(|key| parts.is_signed_by(&key, Algorithm::ES256)).transpose()?.unwrap_or(false) {
        let claims = parts.claims()?;
        return Err(Refusal::Decoy { installation: claims.sub, trace: claims.trace });
    }
    Err(Refusal::Signature)
}

fn unknown(parts: &Parts<'_>) -> Refusal {
    Refusal::UnknownKid { kid: parts.kid().map(shortened) }
}
