//! Platform evidence: when it is due, who is asked for it, and what becomes of the install key meanwhile.
//!
//! Nothing here stops a token request: where evidence cannot be had, the request goes without it, and what that means is
//! the service's to say.

mod attestor;
mod schedule;

pub(crate) use attestor::{Attestor, Gathered};
