//! What the gateway refuses and accepts: the verifier, its keys, the layer, the forward-auth endpoint, real nginx.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod forge;
mod keys;
mod layer;
mod nginx;
mod refusals;
