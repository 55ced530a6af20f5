//! Development keys: made for developers, proven in token requests. Pure but for the random numbers.

use std::collections::HashMap;

use bonafide_protocol::config::Config;
use bonafide_protocol::development::{DevelopmentKey, DevelopmentKeyDigest, is_development_audience};
use bonafide_protocol::finding::Finding;
use bonafide_protocol::message::TokenRequest;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::keys::{Binding, MasterKey, SealError};
use crate::store::development_keys::DevelopmentKeyRow;

/// What the digests are sealed for.
const PURPOSE: &str = "development";

/// All development keys of the account, those that have ended too: a request with one of these is told apart.
#[derive(Default)]
pub(crate) struct DevelopmentKeys {
    by_id: HashMap<String, Held>,
}

struct Held {
    name: String,
    digest: DevelopmentKeyDigest,
    expires_at: u64,
    revoked: bool,
}

/// What a request's claim of a development key is worth.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The key that it names; empty: it claims none.
    pub(crate) key: String,
    /// Who asked for that key; empty: it is not known.
    pub(crate) name: String,
    /// What speaks against it. Empty: the key is good, or none is claimed.
    pub(crate) findings: Vec<Finding>,
}

impl DevelopmentKeys {
    /// Opens what is stored. A key that does not open is as good as unknown: developers ask for another.
    pub(crate) fn open(master: &MasterKey, account: &str, rows: Vec<DevelopmentKeyRow>) -> Self {
        let mut by_id = HashMap::new();
        for row in rows {
            let opened = master.open(binding(account, &row.key_id), &row.sealed).ok();
            let Some(digest) = opened.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
                tracing::error!(key = row.key_id, "a development key does not open; make another");
                continue;
            };
            let digest = DevelopmentKeyDigest::from_bytes(digest);
            let held = Held { name: row.name, digest, expires_at: row.expires_at, revoked: row.revoked_at.is_some() };
            by_id.insert(row.key_id, held);
        }
        Self { by_id }
    }

    /// Looks at what the request claims, at `now` (Unix seconds). Every question is asked, of an unknown key as well:
    /// neither the answer nor its time tells which one failed.
    pub(crate) fn judge(&self, request: &TokenRequest, thumbprint: &str, now: u64) -> Claim {
        let Some(proof) = &request.development else { return Claim::default() };
        let nobody = Held {
            name: String::new(),
            digest: DevelopmentKeyDigest::from_bytes([0; 32]),
            expires_at: u64::MAX,
            revoked: false,
        };
        let known = self.by_id.get(&proof.key);
        let held = known.unwrap_or(&nobody);
        let proven = held.digest.verifies(proof, &request.account, &request.challenge, thumbprint);
        let questions = [
            (Finding::DevelopmentKeyUnknown, known.is_none()),
            (Finding::DevelopmentKeyExpired, now >= held.expires_at),
            (Finding::DevelopmentKeyRevoked, held.revoked),
            (Finding::DevelopmentProofInvalid, known.is_some() && !proven),
        ];
        Claim {
            key: proof.key.clone(),
            name: held.name.clone(),
            findings: questions.into_iter().filter(|(_, found)| *found).map(|(finding, _)| finding).collect(),
        }
    }
}

/// Whether a token may be asked for this audience: a host has it, and it is not one that only a development key makes.
/// An older version of the service may have let a host have such a one.
pub(crate) fn has_audience(config: &Config, audience: &str) -> bool {
    !is_development_audience(audience) && config.hosts.iter().any(|entry| config.audience(entry) == audience)
}

/// A new key, and its digest sealed for the database.
pub(crate) fn make(master: &MasterKey, account: &str) -> Result<(DevelopmentKey, String), SealError> {
    let (mut id, mut secret) = ([0; 9], [0; 32]);
    let random = SystemRandom::new();
    random.fill(&mut id).and_then(|()| random.fill(&mut secret)).map_err(|_| SealError::Random)?;
    let key = DevelopmentKey::from_random(&id, &secret);
    let sealed = master.seal(binding(account, key.id()), &key.digest().to_bytes())?;
    Ok((key, sealed))
}

fn binding<'a>(account: &'a str, key_id: &'a str) -> Binding<'a> {
    Binding { account, purpose: PURPOSE, kid: key_id }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_development_audience_is_none_that_can_be_asked_for_whatever_the_config_says() {
        let pin = bonafide_protocol::pin::Pin::from_digest([1; 32]);
        let config: Config = serde_json::from_value(serde_json::json!({
            "format": 1, "account": "acme", "epoch": 1, "version": 1, "issued_at": 1,
            "service": { "url": "https://service.acme.com", "pins": [pin] },
            "hosts": [
                { "host": "api.acme.com", "pins": [pin] },
                { "host": "dev.acme.com", "pins": [pin], "audience": "acme+dev" },
            ],
        }))
        .unwrap();
        assert!(!has_audience(&config, "acme+dev"));
        assert!(!has_audience(&config, "other"));
        assert!(has_audience(&config, "acme"));
    }
}
