//! Verification of what platforms say about an app and its device: Android Key Attestation, Apple App Attest and Google
//! Play Integrity.
//!
//! Everything here is pure: no I/O, no clock, no state. Time, roots, revocation lists, keys and what is expected are
//! arguments; what was proven comes back as typed facts, and a refusal as an error that carries the facts of the
//! refusal. Whether the facts suffice is a policy's decision.

pub mod android_key;
pub mod app_attest;
mod cbor;
pub mod certificate;
pub mod play_integrity;
