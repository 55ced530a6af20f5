//! The policy on findings: refusals first, then what it decides, and that a trial foretells it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod decisions;
mod forced;
mod refusals;
mod support;
mod trial;
mod versions;
