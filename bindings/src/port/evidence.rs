use std::sync::Arc;

use bonafide_core::port::{EvidenceFailure, EvidenceProvider, EvidenceRequest};
use bonafide_core::protocol::evidence::Evidence;

use super::PortError;

/// Platform evidence: App Attest, Key Attestation, Play Integrity. May block for seconds.
#[uniffi::export(foreign)]
pub trait EvidencePort: Send + Sync {
    /// Evidence as JSON, a piece as docs/protocol.md has it; `None` where none is due.
    ///
    /// `bound_hash` is what it has to carry, `key_bound_hash` where the attested key is the install key itself.
    fn evidence(&self, bound_hash: Vec<u8>, key_bound_hash: Vec<u8>) -> Result<Option<String>, PortError>;
}

pub(super) struct ForeignEvidence(pub(super) Arc<dyn EvidencePort>);

impl EvidenceProvider for ForeignEvidence {
    fn evidence(&self, request: &EvidenceRequest) -> Result<Option<Evidence>, EvidenceFailure> {
        let unavailable = |why: String| EvidenceFailure::Unavailable { why };
        let json = self
            .0
            .evidence(request.bound_hash.to_vec(), request.key_bound_hash.to_vec())
            .map_err(|PortError::Failed { why }| unavailable(why))?;
        json.map(|json| serde_json::from_str(&json).map_err(|error| unavailable(error.to_string()))).transpose()
    }
}
