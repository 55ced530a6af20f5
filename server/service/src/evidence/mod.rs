//! What platforms attest of install keys: verified, remembered as facts, and held against the policy.
//!
//! The evidence itself is never stored. What was proven is, by install key and kind ([`Attested`]), with its time; at
//! each request it is judged anew, by the policy, registrations and revocations of that moment.

mod android_key;
mod app_attest;
mod apps;
mod facts;
mod judge;
mod look;
mod play_integrity;
mod succession;
mod trust;
mod verify;

use bonafide_protocol::measurement::Platform;

pub(crate) use apps::RegisteredApps;
pub(crate) use facts::{AppKey, Attested, Facts, Play};
pub(crate) use judge::Judged;
pub(crate) use look::{Asked, Looked, look};
pub(crate) use trust::{ListName, PLAY_KEYS, PlayKeys, Trust};

/// Whether apps on this platform have to be attested. A platform that nobody has heard of here has to be.
pub(crate) fn attests(platform: Platform) -> bool {
    !matches!(platform, Platform::Jvm | Platform::Linux)
}
