//! How platform evidence is bound to the install key.

use ring::digest::{Context, SHA256};

use crate::encoding::Sha256;
use crate::measurement::Platform;

const LABEL: &str = "bonafide-evidence-v1";

/// The hash that platform evidence has to carry: App Attest as client data hash, Play Integrity as nonce, Key
/// Attestation as challenge.
///
/// SHA-256 over label, account, platform, challenge and thumbprint, each preceded by its length in bytes as four
/// octets, big-endian. `thumbprint` is `None` for Key Attestation, where the attested key itself is the install key.
pub fn bound_hash(account: &str, platform: Platform, challenge: &str, thumbprint: Option<&str>) -> Sha256 {
    let mut context = Context::new(&SHA256);
    for part in [Some(LABEL), Some(account), Some(platform.name()), Some(challenge), thumbprint].into_iter().flatten() {
        // No part comes near 4 GiB.
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}
