//! The one source of randomness outside keys: jitter, marker ids and trace ids.

use bonafide_protocol::encoding::to_base64url;
use bonafide_protocol::tag::TraceId;
use ring::rand::{SecureRandom as _, SystemRandom};

/// A number from 0 to `limit`, both included. Without randomness it is `limit`: a wait may be too long, never missing.
pub(crate) fn up_to(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    match (SystemRandom::new().fill(&mut bytes), limit.checked_add(1)) {
        (Ok(()), Some(count)) => u64::from_be_bytes(bytes) % count,
        _ => limit,
    }
}

/// The id of a request; `None` without randomness, and then the request goes without.
pub(crate) fn trace() -> Option<TraceId> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(TraceId::from_random(&bytes))
}

/// 128 random bits as text. Without randomness it is `None`.
pub(crate) fn id() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(to_base64url(&bytes))
}
