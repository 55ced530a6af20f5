//! Challenges: authenticated by the service, so that issuing one writes nothing.

use bonafide_protocol::encoding::{from_base64url, to_base64url};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::keys::ChallengeKey;

/// How long a challenge is good for, in seconds.
pub(crate) const LIFETIME: u64 = 300;

/// How far ahead the clock of another node may be, in seconds.
const SKEW: u64 = 60;

/// The longest text that can be a challenge, with room for a later form.
const MAX_TEXT: usize = 256;

const LABEL: &str = "bonafide-challenge-v1";
const PURPOSE: &str = "token";
const TIME: usize = 8;
const NONCE: usize = 16;
const MAC: usize = 32;

/// Why a challenge was refused, in the order in which it is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not one of ours: for another account, another key, or made up.
    Invalid,
    /// One of ours, too old.
    Expired,
}

/// A challenge that is ours and has not expired. Whether it is spent is the ledger's to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fresh {
    /// What the ledger remembers.
    pub(crate) nonce: String,
    /// Until when, Unix seconds.
    pub(crate) expires_at: u64,
}

/// A new challenge; `None` without a key or randomness. With `thumbprint` it is good for that install key only.
pub(crate) fn issue(keys: &[ChallengeKey], account: &str, now: u64, thumbprint: Option<&str>) -> Option<String> {
    let key = &keys.iter().find(|key| key.live)?.key;
    let mut nonce = [0; NONCE];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut raw = vec![u8::from(thumbprint.is_some())];
    raw.extend_from_slice(&now.to_be_bytes());
    raw.extend_from_slice(&nonce);
    let tag = hmac::sign(key, &covered(account, &raw, thumbprint));
    raw.extend_from_slice(tag.as_ref());
    Some(to_base64url(&raw))
}

/// Judges a challenge by itself: size, MAC, expiry.
pub(crate) fn check(
    keys: &[ChallengeKey],
    account: &str,
    now: u64,
    thumbprint: &str,
    text: &str,
) -> Result<Fresh, Refused> {
    if text.len() > MAX_TEXT {
        return Err(Refused::Invalid);
    }
    let raw = from_base64url(text).filter(|raw| raw.len() == 1 + TIME + NONCE + MAC).ok_or(Refused::Invalid)?;
    let (payload, tag) = raw.split_at_checked(1 + TIME + NONCE).ok_or(Refused::Invalid)?;
    let bound = match payload.first() {
        Some(0) => None,
        Some(1) => Some(thumbprint),
        _ => return Err(Refused::Invalid),
    };
    let covered = covered(account, payload, bound);
    let usable = |key: &&ChallengeKey| key.live || key.ends_at.is_some_and(|end| now <= end);
    if !keys.iter().filter(usable).any(|key| hmac::verify(&key.key, &covered, tag).is_ok()) {
        return Err(Refused::Invalid);
    }
    let time = payload.get(1..1 + TIME).and_then(|time| <[u8; TIME]>::try_from(time).ok()).ok_or(Refused::Invalid)?;
    let time = u64::from_be_bytes(time);
    // From the future: this clock was set back since, or that of another node is wrong.
    if now > time.saturating_add(LIFETIME) || time > now.saturating_add(SKEW) {
        return Err(Refused::Expired);
    }
    let nonce = to_base64url(payload.get(1 + TIME..).unwrap_or_default());
    // Remembered for as long as any node may accept it.
    Ok(Fresh { nonce, expires_at: time.saturating_add(LIFETIME + SKEW) })
}

fn covered(account: &str, payload: &[u8], thumbprint: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    for part in [LABEL.as_bytes(), account.as_bytes(), PURPOSE.as_bytes(), payload, thumbprint.unwrap_or("").as_bytes()]
    {
        // No part comes near 4 GiB.
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
