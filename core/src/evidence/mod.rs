//! Platform evidence: when it is due, who is asked for it, and what becomes of the install key meanwhile.
//!
//! Nothing here stops a token request: where evidence cannot be had, the request goes without it, and what that means is
//! the service's to say.

mod attestor;
mod errand;
mod right;
mod schedule;
mod source;

use std::time::Duration;

pub(crate) use attestor::{Attestor, Dues, Gathered, Turn, being_made};

/// How long a platform is waited for, and a request that carries evidence.
const PATIENCE: Duration = Duration::from_secs(10);
