//! The name by which Apple knows an app.

use std::fmt;

use super::encoding::{Sha256, sha256};

/// An App ID: the ten characters of the developer's team, a dot, and the bundle identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(String);

impl AppId {
    /// The App ID of `team` (`6MURL8TA57`) and `bundle` (`com.acme.app`).
    pub fn new(team: &str, bundle: &str) -> Self {
        Self(format!("{team}.{bundle}"))
    }

    /// The App ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the App ID, which authenticator data carries as its relying party.
    pub(super) fn rp_id_hash(&self) -> Sha256 {
        sha256(&[self.0.as_bytes()])
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
