//! Verification of the evidence that mobile platforms give about keys and apps.
//!
//! Pure: no I/O, and the time is an argument. Roots and revocation lists are data that the caller supplies. What
//! comes back are facts; whether they suffice is a policy's decision.

pub mod android_key;
pub mod certificate;
