use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::evidence::{Evidence, EvidenceKind};
use thiserror::Error;

/// What platform evidence is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRequest {
    /// The hash that the evidence has to carry ([`bonafide_protocol::evidence::bound_hash`]): App Attest's client data
    /// hash, Play Integrity's nonce.
    pub bound_hash: Sha256,
    /// Whether the service is to take it for the first: App Attest makes a new key and attests it, since the service
    /// knows of none. Otherwise it asserts with the key that it attested last.
    pub anew: bool,
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
    /// Never on this device. The process does not ask again.
    #[error("the platform cannot give evidence: {why}")]
    Unsupported {
        /// The platform's reason.
        why: String,
    },
    /// What it asserts with is gone (App Attest's key, after a restore or at the platform's whim). It is asked again at
    /// once, for evidence that is to be taken for the first ([`EvidenceRequest::anew`]).
    #[error("what the platform gave evidence with is lost: {why}")]
    Lost {
        /// The platform's reason.
        why: String,
    },
}

/// App Attest, Play Integrity: the platform's own statement, made on demand. Key Attestation is not among them: it is
/// made with the key ([`super::InstallKey::make_candidate`]).
pub trait EvidenceProvider: Send + Sync {
    /// The kind that it gives; `None` where it gives none, and is never asked.
    fn kind(&self) -> Option<EvidenceKind>;

    /// Evidence for this request. May block for seconds; what takes too long is not waited for, but kept for a later
    /// request if it comes within minutes. One call at a time.
    fn evidence(&self, request: &EvidenceRequest) -> Result<Evidence, EvidenceFailure>;
}
