//! Play Integrity: forged twins of a token of our own making. No real token with its keys has been published.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use bonafide_forge::play_integrity as forge;

mod jose;
mod payload;
mod properties;
