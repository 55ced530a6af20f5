//! Development keys: what a developer's build proves itself by, and the audiences that it gets tokens for.
//!
//! The service holds a digest of the key. The device sends neither key nor digest: it sends a proof, which is worth
//! nothing beside another challenge or another install key.

use std::fmt;
use std::str::FromStr;

use ring::digest::{Context, SHA256};
use ring::hmac;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encoding::{Sha256, from_base64url, to_base64url};

/// What ends the audience of every token that was made with a development key.
pub const DEVELOPMENT_SUFFIX: &str = "+dev";

const PREFIX: &str = "bonafide_dev_";
const DIGEST_LABEL: &str = "bonafide-development-key-v1";
const PROOF_LABEL: &str = "bonafide-development-proof-v1";
const ID_BYTES: usize = 9;
const SECRET_BYTES: usize = 32;

/// The audience of tokens made with a development key, for hosts with this audience.
pub fn development_audience(audience: &str) -> String {
    format!("{audience}{DEVELOPMENT_SUFFIX}")
}

/// Whether only tokens made with development keys may have this audience: no host may claim it.
pub fn is_development_audience(audience: &str) -> bool {
    audience.ends_with(DEVELOPMENT_SUFFIX)
}

/// Whether the text has the form of a development key's id: 12 characters of base64url.
pub fn is_development_key_id(id: &str) -> bool {
    from_base64url(id).is_some_and(|bytes| bytes.len() == ID_BYTES)
}

/// The text is no development key. It is not repeated: it may be one with a typing error.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "not a development key: expected `{PREFIX}`, 12 characters, a dot and 43 characters, as `bonafide device dev-key create` shows it"
)]
pub struct MalformedDevelopmentKey;

/// A development key as the developer holds it: `bonafide_dev_ID.SECRET`. Secret; its `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct DevelopmentKey {
    id: String,
    secret: [u8; SECRET_BYTES],
}

impl DevelopmentKey {
    /// The key of these random bytes: the id's, which may be known, and the secret's.
    pub fn from_random(id: &[u8; ID_BYTES], secret: &[u8; SECRET_BYTES]) -> Self {
        Self { id: to_base64url(id), secret: *secret }
    }

    /// Its id: 12 characters of base64url, no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as the developer holds it. The only way to see the secret.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}.{}", self.id, to_base64url(&self.secret))
    }

    /// What the service keeps of it.
    pub fn digest(&self) -> DevelopmentKeyDigest {
        let mut context = Context::new(&SHA256);
        for part in [DIGEST_LABEL.as_bytes(), self.id.as_bytes(), &self.secret] {
            context.update(&length(part));
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        DevelopmentKeyDigest(out)
    }

    /// The proof for one token request of the install key with this thumbprint (RFC 7638).
    pub fn prove(&self, account: &str, challenge: &str, thumbprint: &str) -> DevelopmentProof {
        let tag = hmac::sign(&self.digest().key(), &proven(account, challenge, thumbprint));
        DevelopmentProof { key: self.id.clone(), proof: to_base64url(tag.as_ref()) }
    }
}

impl FromStr for DevelopmentKey {
    type Err = MalformedDevelopmentKey;

    fn from_str(text: &str) -> Result<Self, MalformedDevelopmentKey> {
        let (id, secret) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('.'))
            .filter(|(id, _)| is_development_key_id(id))
            .ok_or(MalformedDevelopmentKey)?;
        let secret = from_base64url(secret).and_then(|bytes| bytes.try_into().ok()).ok_or(MalformedDevelopmentKey)?;
        Ok(Self { id: id.to_owned(), secret })
    }
}

impl fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevelopmentKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the service keeps of a development key. Whoever holds it can prove the key: it is kept as a secret, too.
#[derive(Clone)]
pub struct DevelopmentKeyDigest(Sha256);

impl DevelopmentKeyDigest {
    /// The digest of these bytes, as [`DevelopmentKeyDigest::to_bytes`] gave them.
    pub fn from_bytes(bytes: Sha256) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be sealed.
    pub fn to_bytes(&self) -> Sha256 {
        self.0
    }

    /// Whether the key proves this very request. Compares in constant time.
    pub fn verifies(&self, proof: &DevelopmentProof, account: &str, challenge: &str, thumbprint: &str) -> bool {
        let tag = from_base64url(&proof.proof).unwrap_or_default();
        hmac::verify(&self.key(), &proven(account, challenge, thumbprint), &tag).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

impl fmt::Debug for DevelopmentKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevelopmentKeyDigest(…)")
    }
}

/// The proof of a development key in a token request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevelopmentProof {
    /// The key's id.
    pub key: String,
    /// HMAC-SHA256 in base64url.
    pub proof: String,
}

impl DevelopmentProof {
    /// Whether both members have the form and the length that they have to have.
    pub fn is_well_formed(&self) -> bool {
        is_development_key_id(&self.key) && from_base64url(&self.proof).is_some_and(|tag| tag.len() == 32)
    }
}

/// What the HMAC is over: each part preceded by its length in bytes as four octets, big-endian.
fn proven(account: &str, challenge: &str, thumbprint: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for part in [PROOF_LABEL, account, challenge, thumbprint] {
        out.extend_from_slice(&length(part.as_bytes()));
        out.extend_from_slice(part.as_bytes());
    }
    out
}

/// No part comes near 4 GiB.
fn length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn key(byte: u8) -> DevelopmentKey {
        DevelopmentKey::from_random(&[byte; 9], &[byte; 32])
    }

    #[test]
    fn a_proof_is_good_for_one_request_of_one_key_and_no_other() {
        let digest = key(1).digest();
        let proof = key(1).prove("acme", "challenge", "thumb");
        for (account, challenge, thumbprint) in [
            ("other", "challenge", "thumb"),
            ("acme", "another", "thumb"),
            ("acme", "challenge", "another"),
            // The same bytes in a row, cut elsewhere.
            ("acmec", "hallenge", "thumb"),
            ("acme", "challengethumb", ""),
        ] {
            assert!(!digest.verifies(&proof, account, challenge, thumbprint), "{account} {challenge} {thumbprint}");
        }
        assert!(!key(2).digest().verifies(&proof, "acme", "challenge", "thumb"));
        for damaged in ["", "A", "AAAA", proof.proof.get(1..).unwrap()] {
            let damaged = DevelopmentProof { proof: damaged.to_owned(), ..proof.clone() };
            assert!(!digest.verifies(&damaged, "acme", "challenge", "thumb"));
        }
        assert!(digest.verifies(&proof, "acme", "challenge", "thumb"));
    }

    #[test]
    fn a_key_is_read_only_whole() {
        let text = key(7).reveal();
        for wrong in [
            "",
            "bonafide_dev_",
            "bonafide_dev_.",
            text.trim_start_matches("bonafide_"),
            text.get(..text.len() - 1).unwrap(),
            &format!("{text}A"),
            &format!(" {text}"),
            &text.replace('.', "_"),
        ] {
            assert_eq!(wrong.parse::<DevelopmentKey>(), Err(MalformedDevelopmentKey), "{wrong:?}");
        }
        let read: DevelopmentKey = text.parse().unwrap();
        assert_eq!(read, key(7));
        assert!(!format!("{read:?} {:?}", read.digest()).contains(text.split_once('.').unwrap().1));
    }

    #[test]
    fn a_development_audience_is_told_by_its_end() {
        assert_eq!(development_audience("acme"), "acme+dev");
        assert!(is_development_audience("acme+dev") && is_development_audience("+dev"));
        assert!(!is_development_audience("acme") && !is_development_audience("acme+dev.example"));
    }
}
