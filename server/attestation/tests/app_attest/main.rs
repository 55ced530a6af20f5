//! App Attest: real evidence, and forged twins of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod assertion;
mod attestation;
mod ber;
mod chains;
mod corpus;
mod extensions;
mod flips;
mod forge;
mod objects;
mod properties;
mod real;
mod receipt;
