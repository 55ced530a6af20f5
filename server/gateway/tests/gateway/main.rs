//! What the gateway refuses and accepts: the verifier, its keys, the layer, the forward-auth endpoint, real proxies.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod forge;
mod keys;
mod layer;
mod proxies;
mod refusals;
