//! App Attest: real evidence, and forged twins of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use bonafide_forge::app_attest::{ber, forge};

mod assertion;
mod attestation;
mod chains;
mod corpus;
mod extensions;
mod flips;
mod objects;
mod properties;
mod real;
mod receipt;
