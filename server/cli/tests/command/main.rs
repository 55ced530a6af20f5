//! The command as an operator meets it, against real servers: what is refused, with which exit code and next step.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bad_input;
mod bench;
mod elsewhere;
mod evidence;
mod packages;
mod pins;
mod play;
mod policy;
mod story;
mod trust;
