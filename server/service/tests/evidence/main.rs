//! Platform evidence, from the phone's key to the token: true pieces of it under roots of the tests' own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod android;
mod honest;
mod ios;
mod operator;
mod phone;
mod play;
mod real;
mod remembered;
mod rollover;
mod shapes;
