//! Tokens and decoys: one code path, one shape, one length.

use bonafide_protocol::arc::Arc;
use bonafide_protocol::claims::{Claims, Confirmation, TOKEN_TYPE, issuer};
use bonafide_protocol::development::development_audience;
use bonafide_protocol::encoding::{sha256, to_base64url};
use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::Platform;
use bonafide_protocol::message::TokenRequest;
use jsonwebtoken::Header;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::evidence::attests;
use crate::keys::Keyring;
use crate::policy::Decision;

/// How long a token is good for, in seconds, unless the operator says otherwise.
pub(crate) const LIFETIME: u64 = 300;

/// The bounds of what the operator may say. A retired key outlives the longest of them.
pub(crate) const LIFETIMES: std::ops::RangeInclusive<u64> = 10..=3600;

/// The id of the installation with this install key: 24 characters, stable, and of no use to anybody else.
///
/// Derived and not drawn, so that a device that fails is given one as well, the same at each attempt, without a row.
/// On platforms that attest nothing it is another one: nothing is looked up of their keys, and a phone's key that has
/// ended must not be its installation again by calling itself a desktop.
pub(crate) fn installation(keyring: &Keyring, platform: Platform, thumbprint: &str) -> String {
    if attests(platform) {
        derive(keyring, &["installation", thumbprint], 18)
    } else {
        derive(keyring, &["installation", "desktop", thumbprint], 18)
    }
}

/// The installation as one audience knows it: two audiences cannot compare notes (RFC 9700 calls it pairwise).
fn subject(keyring: &Keyring, audience: &str, installation: &str) -> String {
    derive(keyring, &["subject", audience, installation], 24)
}

fn derive(keyring: &Keyring, parts: &[&str], length: usize) -> String {
    let mut context = hmac::Context::with_key(&keyring.pseudonym);
    for part in parts {
        // No part comes near 4 GiB.
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    to_base64url(context.sign().as_ref().get(..length).unwrap_or_default())
}

/// When a token begins, Unix seconds, and how long it is good for, seconds.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) now: u64,
    pub(crate) lifetime: u64,
}

/// Signs a token, or, where the decision is no pass, a decoy that says the same. `None` if there is no key or no randomness.
pub(crate) fn token(
    keyring: &Keyring,
    request: &TokenRequest,
    installation: &str,
    times: Times,
    decision: &Decision,
) -> Option<String> {
    let key = keyring.signing_token(times.now)?;
    let mut jti = [0; 16];
    SystemRandom::new().fill(&mut jti).ok()?;
    let audience = audience(request);
    let claims = Claims {
        iss: issuer(&request.account),
        sub: subject(keyring, &audience, installation),
        aud: audience,
        iat: times.now,
        exp: times.now.saturating_add(times.lifetime),
        jti: to_base64url(&jti),
        cnf: Confirmation { jkt: request.session_key.thumbprint() },
        app: request.app.clone(),
        pay: request.binding.clone(),
        anno: decision.annotations.clone(),
        user: request.user.clone(),
        trace: request.trace.clone(),
    };
    let mut header = Header::new(key.algorithm);
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    let secret = if decision.passed { &key.genuine } else { &key.decoy };
    jsonwebtoken::encode(&header, &claims, &secret.encoding).ok()
}

/// For whom the token is. A request that so much as claims a development key gets none for the API itself, not even a
/// decoy: a build that carries a key by mistake is found at its first request.
fn audience(request: &TokenRequest) -> String {
    match request.development {
        Some(_) => development_audience(&request.audience),
        None => request.audience.clone(),
    }
}

/// What support staff decode.
pub(crate) fn arc(
    keyring: &Keyring,
    account: &str,
    installation: &str,
    findings: &[Finding],
    now: u64,
) -> Option<String> {
    let mut start = [0; 8];
    start.copy_from_slice(sha256(installation.as_bytes()).get(..8)?);
    Arc { time: now, installation: start, findings: findings.to_vec(), unknown: Vec::new() }
        .seal(&keyring.arc, account)
        .ok()
}
