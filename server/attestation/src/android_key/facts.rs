//! What a chain proves.

use bonafide_protocol::encoding::sha256;
use bonafide_protocol::jwk::PublicKey;
use serde::Serialize;

use super::chain::Chain;
use super::description::{KeyDescription, SecurityLevel};
use super::error::AndroidKeyError;
use super::provisioning::{Provisioning, ProvisioningInfo, certified_level};
use super::value::Bytes;
use super::{PROVISIONING_INFO_OID, Trust};

/// What a valid chain says about a key and its phone. Facts only: an unlocked boot loader is one, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AndroidKeyFacts {
    /// The attested key, where it is one over P-256.
    pub key: Option<PublicKey>,
    /// The attested key as DER SubjectPublicKeyInfo.
    pub public_key_info: Bytes,
    /// What the key is protected by: the lowest of where the attestation was made, where the key is kept and what the
    /// attestation key was certified for.
    pub level: SecurityLevel,
    /// What Google certified the attestation key for, where its certificate says so.
    pub certified_level: Option<SecurityLevel>,
    /// How the attestation key came into the phone.
    pub provisioning: Provisioning,
    /// What Google knew about the phone when it certified the key.
    pub provisioning_info: Option<ProvisioningInfo>,
    /// The places of certificates, from 0, that had expired where that is no refusal: those of factory-provisioned
    /// chains, and the copy of the root.
    pub expired: Vec<usize>,
    /// The serial numbers of all certificates, in the chain's order, in lower-case hexadecimal.
    pub serials: Vec<String>,
    /// The SHA-256 of the root's SubjectPublicKeyInfo.
    pub root_key_digest: Bytes,
    /// Whether a revocation list was at hand.
    pub revocation: RevocationCheck,
    /// What the phone says.
    pub description: KeyDescription,
}

/// Whether the chain was looked up in a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "state")]
#[non_exhaustive]
pub enum RevocationCheck {
    /// No list was at hand.
    NotChecked,
    /// No certificate of the chain is listed.
    Clear {
        /// When the list was fetched, in Unix seconds.
        fetched_at: u64,
        /// Its age in seconds.
        age: u64,
    },
}

/// Verifies the chain and reads it.
pub(super) fn gather(ders: &[&[u8]], trust: &Trust<'_>, now: u64) -> Result<AndroidKeyFacts, AndroidKeyError> {
    let chain = Chain::verify(ders, trust, i64::try_from(now).unwrap_or(i64::MAX))?;
    let [leaf, attestation, .., root] = chain.certificates.as_slice() else {
        return Err(AndroidKeyError::TooFew { count: ders.len() });
    };
    let description = KeyDescription::parse(chain.leaf).map_err(AndroidKeyError::Description)?;
    let certified_level = certified_level(attestation);
    let stated = description.attestation_security_level.min(description.key_mint_security_level);
    Ok(AndroidKeyFacts {
        key: leaf.p256_point().and_then(PublicKey::from_p256_point),
        public_key_info: Bytes(leaf.public_key().raw.to_vec()),
        level: certified_level.map_or(stated, |certified| stated.min(certified)),
        certified_level,
        provisioning: chain.provisioning,
        provisioning_info: attestation.extension(PROVISIONING_INFO_OID).map(ProvisioningInfo::read),
        expired: chain.expired,
        serials: chain.certificates.iter().map(|certificate| certificate.serial()).collect(),
        root_key_digest: Bytes(sha256(root.public_key().raw).to_vec()),
        revocation: trust.revocation.map_or(RevocationCheck::NotChecked, |list| RevocationCheck::Clear {
            fetched_at: list.fetched_at(),
            age: now.saturating_sub(list.fetched_at()),
        }),
        description,
    })
}
