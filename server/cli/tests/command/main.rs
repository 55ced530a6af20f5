//! The command as an operator meets it, against real servers: what is refused, with which exit code and next step.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bad_input;
mod bench;
#[path = "../../../../package/tests/cache/mod.rs"]
mod cache;
mod dev_key;
mod elsewhere;
mod evidence;
#[path = "../../../../package/tests/forge/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the package's own tests use more of it")]
mod forge;
mod packages;
mod phones;
mod pins;
mod play;
mod policy;
mod steps;
#[path = "../../../../package/tests/store/mod.rs"]
mod store;
mod story;
mod trust;
