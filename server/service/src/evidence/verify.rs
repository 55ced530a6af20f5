//! One piece of evidence: what it proves of this request's install key, or why it was refused.

use bonafide_protocol::evidence::Evidence;
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::measurement::Platform;

use super::facts::Attested;
use super::{RegisteredApps, Trust, android_key, app_attest, play_integrity};
use crate::store::evidence::Proven;

/// What evidence has to be about.
pub(super) struct Subject<'a> {
    pub(super) account: &'a str,
    pub(super) challenge: &'a str,
    pub(super) platform: Platform,
    /// Package name or bundle id.
    pub(super) app: &'a str,
    /// The install key.
    pub(super) key: &'a PublicKey,
    pub(super) thumbprint: &'a str,
    /// Unix seconds.
    pub(super) now: u64,
}

/// Verifies one piece; `None` for one of a kind that this version does not know, or that the operator has not set up, which
/// says nothing. The reason of a
/// refusal is for the operator only.
pub(super) fn verify(
    piece: &Evidence,
    subject: &Subject<'_>,
    held: &[Attested],
    trust: &Trust,
    apps: &RegisteredApps,
) -> Option<Result<Proven, String>> {
    let kind = piece.kind()?;
    if kind.platform() != subject.platform {
        return Some(Err(format!("{} is not evidence of {}", kind.name(), subject.platform.name())));
    }
    let verified = match piece {
        Evidence::AndroidKey { chain } => android_key::verify(chain, subject, trust).map(Proven::Anew),
        Evidence::AppAttest { key_id, attestation, assertion } => {
            let objects = (attestation.as_ref(), assertion.as_ref());
            app_attest::verify(key_id, objects, subject, held, trust, apps)
        }
        Evidence::PlayIntegrity { token } => play_integrity::verify(token, subject, trust)?.map(Proven::Anew),
        _ => return None,
    };
    Some(verified.map_err(|reason| format!("{}: {reason}", kind.name())))
}
