//! The root document: which keys may sign configs, and which may sign the next root.

use serde::{Deserialize, Serialize};

use crate::jwk::{KeyList, PublicKey};
use crate::jws::{Header, join, signing_input};
use crate::key::Ed25519Key;
use crate::trust::DocumentError;

/// The `typ` of a signed root.
pub const ROOT_TYPE: &str = "bonafide-root+jwt";

/// The content of a root document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The document format, [`crate::FORMAT`].
    pub format: u64,
    /// Members that a reader must know, or else refuse the document.
    #[serde(default)]
    pub crit: Vec<String>,
    /// Whose root it is.
    pub account: String,
    /// Rises with every root.
    pub epoch: u64,
    /// Who may sign the next root.
    pub root_keys: KeyList,
    /// Who may sign configs of this epoch.
    pub config_keys: KeyList,
}

/// The members that this version knows; `crit` may name these.
const KNOWN: &[&str] = &["format", "crit", "account", "epoch", "root_keys", "config_keys"];

impl Root {
    /// Signs the root with a root key of the root before it, or, for the first root, with one of its own.
    pub fn sign(&self, key: &Ed25519Key) -> String {
        let input = signing_input(
            &Header::with_kid(ROOT_TYPE, &key.public_key()),
            // Strings, numbers and keys always serialise.
            &serde_json::to_vec(self).unwrap_or_default(),
        );
        let signature = key.sign(input.as_bytes());
        join(&input, &signature)
    }

    /// Reads a payload whose signature has been verified.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, DocumentError> {
        DocumentError::check_header_members(payload, KNOWN)?;
        let root: Self = serde_json::from_slice(payload).map_err(|error| DocumentError::content(&error))?;
        let usable = |list: &KeyList| list.keys().iter().any(|key| matches!(key, PublicKey::Ed25519 { .. }));
        for (member, list) in [("root_keys", &root.root_keys), ("config_keys", &root.config_keys)] {
            if !usable(list) {
                return Err(DocumentError::NothingUsable { member: member.into() });
            }
        }
        Ok(root)
    }
}
