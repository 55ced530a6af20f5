use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::evidence::Evidence;
use thiserror::Error;

/// What platform evidence is asked for.
#[derive(Clone, Debug)]
pub struct EvidenceRequest {
    /// The hash that the evidence has to carry ([`bonafide_protocol::evidence::bound_hash`]).
    pub bound_hash: Sha256,
    /// The hash where the attested key is the install key itself (Key Attestation).
    pub key_bound_hash: Sha256,
}

/// Why there is no evidence this time. The token request goes without it, and the server judges that.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceFailure {
    /// Not now: the platform's service is busy, throttled or unreachable.
    #[error("the platform gives no evidence now: {why}")]
    Unavailable {
        /// The platform's reason.
        why: String,
    },
    /// Never on this device.
    #[error("the platform cannot give evidence: {why}")]
    Unsupported {
        /// The platform's reason.
        why: String,
    },
}

/// App Attest, Key Attestation, Play Integrity: the platform's own statement. May block for seconds.
pub trait EvidenceProvider: Send + Sync {
    /// Evidence for this request; `None` where none is due.
    fn evidence(&self, request: &EvidenceRequest) -> Result<Option<Evidence>, EvidenceFailure>;
}
