//! The core against a real HTTPS service: what a device goes through. The refusals come first.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bootstrap;
mod development;
mod evidence;
mod reports;
mod support;
mod tags;
mod tokens;
mod update;
