//! The judgement of one token: pure, with the time as an argument.

use bonafide_protocol::claims::{Claims, TOKEN_TYPE};
use bonafide_protocol::encoding::{from_base64url, sha256, to_base64};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::refusal::{Refusal, shortened};

/// The longest token that is read, in bytes. Ours are under 1 KiB.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token taken apart; nothing of it is trusted yet.
pub(crate) struct Parts<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// The header's members that matter. Those that bring a key along (`jwk`, `jku`, `x5c`) are never looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// What the claims are held against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    /// Unix seconds.
    pub(crate) now: u64,
    /// How far in the future `iat` may lie, in seconds.
    pub(crate) leeway: u64,
    /// Seconds since its end that an expired token may have; 0: none.
    pub(crate) grace: u64,
    pub(crate) binding: Binding<'a>,
}

/// Whether and to what the token has to be bound.
#[derive(Clone, Copy)]
pub(crate) enum Binding<'a> {
    NotDemanded,
    /// Every token has to be bound to this; `None`: the request lacks the data.
    Demanded(Option<&'a [u8]>),
    /// A token that is bound has to be bound to this.
    IfBound(Option<&'a [u8]>),
}

impl<'a> Parts<'a> {
    /// Takes `token` apart and checks the header, whose algorithm has to be `expected`.
    pub(crate) fn read(token: &'a str, expected: &'static str) -> Result<Self, Refusal> {
        let malformed = |part| Refusal::Malformed { part };
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed("too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed("not a compact JWS"))?;
        let (header, payload) = signed.split_once('.').ok_or(malformed("not a compact JWS"))?;
        let header = from_base64url(header).ok_or(malformed("header"))?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| malformed("header"))?;
        if header.crit.is_some() {
            return Err(malformed("the header demands an extension"));
        }
        if header.alg != expected {
            return Err(Refusal::Algorithm { expected, found: shortened(&header.alg) });
        }
        if header.typ.as_deref() != Some(TOKEN_TYPE) {
            return Err(Refusal::Type { found: header.typ.as_deref().map(shortened) });
        }
        Ok(Self { header, signed, payload, signature })
    }

    /// The key that the header names.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whether `key` signed it.
    pub(crate) fn is_signed_by(&self, key: &DecodingKey, algorithm: Algorithm) -> Result<bool, Refusal> {
        crypto::verify(self.signature, self.signed.as_bytes(), key, algorithm)
            .map_err(|_| Refusal::Malformed { part: "signature" })
    }

    /// The claims. Only to be called once a signature has been verified.
    pub(crate) fn claims(&self) -> Result<Claims, Refusal> {
        let malformed = Refusal::Malformed { part: "claims" };
        let payload = from_base64url(self.payload).ok_or(malformed.clone())?;
        serde_json::from_slice(&payload).map_err(|_| malformed)
    }
}

/// Holds verified claims against what is expected. Returns the seconds since the token's end, 0 for a fresh one.
pub(crate) fn check_claims(claims: &Claims, expected: &Expected<'_>) -> Result<u64, Refusal> {
    let Expected { issuer, audience, now, .. } = *expected;
    if claims.iss != issuer {
        return Err(Refusal::Issuer { expected: issuer.into(), found: shortened(&claims.iss) });
    }
    if claims.aud != audience {
        return Err(Refusal::Audience { expected: audience.into(), found: shortened(&claims.aud) });
    }
    let ahead = claims.iat.saturating_sub(now);
    if ahead > expected.leeway {
        return Err(Refusal::NotYetValid { ahead });
    }
    // RFC 7519 section 4.1.4: not accepted on or after its end.
    let late = (now >= claims.exp).then(|| now - claims.exp);
    if let Some(ago) = late.filter(|ago| expected.grace == 0 || *ago > expected.grace) {
        return Err(Refusal::Expired { ago, installation: claims.sub.clone(), trace: claims.trace.clone() });
    }
    check_binding(claims.pay.as_deref(), expected.binding)?;
    // At the very second of its end a token is late by 0 s, and yet not fresh.
    Ok(late.map_or(0, |ago| ago.max(1)))
}

fn check_binding(pay: Option<&str>, binding: Binding<'_>) -> Result<(), Refusal> {
    let data = match binding {
        Binding::NotDemanded => return Ok(()),
        Binding::IfBound(_) if pay.is_none() => return Ok(()),
        Binding::Demanded(data) | Binding::IfBound(data) => data.ok_or(Refusal::BindingMissing { missing: "data" })?,
    };
    let pay = pay.ok_or(Refusal::BindingMissing { missing: "claim" })?;
    // Public digests: nothing is learnt from how long the comparison takes.
    if pay == to_base64(&sha256(data)) { Ok(()) } else { Err(Refusal::BindingMismatch) }
}
