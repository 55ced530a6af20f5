//! What Bonafide's two sides say to each other: documents, pins, tokens, findings, statuses.
//!
//! This crate does no I/O, reads no clock and keeps no state. It is shared by the device and the server, so that
//! `bonafide pin check` gives the very verdict that a phone would give. Nothing in it panics on outside data.

pub mod arc;
pub mod claims;
pub mod config;
pub mod development;
pub mod encoding;
pub mod evidence;
pub mod finding;
pub mod host;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod measurement;
pub mod message;
pub mod packages;
pub mod pin;
pub mod root;
pub mod status;
pub mod tag;
pub mod trust;
pub mod verdict;

/// The document format that this version writes and reads; a device sends the list of those it reads.
pub const FORMAT: u64 = 1;

/// All document formats that this version reads.
pub const FORMATS: &[u64] = &[FORMAT];
