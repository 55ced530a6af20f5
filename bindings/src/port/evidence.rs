use std::sync::Arc;

use bonafide_core::port::{EvidenceFailure, EvidenceProvider, EvidenceRequest};
use bonafide_core::protocol::evidence::{Evidence, EvidenceKind, Octets};
use thiserror::Error;

/// A platform's statement, made on demand. Key Attestation is not among them: it comes with the key.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum NativeEvidence {
    /// Apple App Attest.
    AppAttest {
        /// The id of the App Attest key, decoded: 32 bytes.
        key_id: Vec<u8>,
        /// The attestation object, where the key is new.
        attestation: Option<Vec<u8>>,
        /// The assertion object, where it was attested before.
        assertion: Option<Vec<u8>>,
    },
    /// Google Play Integrity, a classic request.
    PlayIntegrity {
        /// The token as Google gave it.
        token: String,
    },
}

/// Who gives evidence. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NativeEvidenceKind {
    /// Apple App Attest.
    AppAttest,
    /// Google Play Integrity.
    PlayIntegrity,
}

/// Why there is no evidence. Complete.
#[derive(Clone, Debug, Error, PartialEq, Eq, uniffi::Error)]
pub enum EvidenceError {
    /// Not now: the platform's service is busy, throttled or unreachable. Asked again later.
    #[error("not now: {why}")]
    Unavailable {
        /// The platform's reason.
        why: String,
    },
    /// Never on this device. Not asked again before the next start.
    #[error("never: {why}")]
    Unsupported {
        /// The platform's reason.
        why: String,
    },
    /// What was attested is gone (`DCError.invalidKey`). Asked again at once, with `anew`.
    #[error("lost: {why}")]
    Lost {
        /// The platform's reason.
        why: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for EvidenceError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // An exception that nobody thought of is no proof that the key is gone.
        Self::Unavailable { why: error.reason }
    }
}

/// App Attest, Play Integrity. May block for seconds.
#[uniffi::export(foreign)]
pub trait EvidencePort: Send + Sync {
    /// The kind that it gives.
    fn kind(&self) -> NativeEvidenceKind;

    /// Evidence that carries `bound_hash`. With `anew` App Attest makes a new key and attests it; otherwise it asserts
    /// with the key that it attested last.
    fn evidence(&self, bound_hash: Vec<u8>, anew: bool) -> Result<NativeEvidence, EvidenceError>;
}

pub(super) struct ForeignEvidence(pub(super) Arc<dyn EvidencePort>);

impl EvidenceProvider for ForeignEvidence {
    fn kind(&self) -> Option<EvidenceKind> {
        Some(match self.0.kind() {
            NativeEvidenceKind::AppAttest => EvidenceKind::AppAttest,
            NativeEvidenceKind::PlayIntegrity => EvidenceKind::PlayIntegrity,
        })
    }

    fn evidence(&self, request: &EvidenceRequest) -> Result<Evidence, EvidenceFailure> {
        Ok(self.0.evidence(request.bound_hash.to_vec(), request.anew)?.into())
    }
}

impl From<EvidenceError> for EvidenceFailure {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Unavailable { why } => Self::Unavailable { why },
            EvidenceError::Unsupported { why } => Self::Unsupported { why },
            EvidenceError::Lost { why } => Self::Lost { why },
        }
    }
}

impl From<NativeEvidence> for Evidence {
    fn from(evidence: NativeEvidence) -> Self {
        match evidence {
            NativeEvidence::AppAttest { key_id, attestation, assertion } => Self::AppAttest {
                key_id: Octets(key_id),
                attestation: attestation.map(Octets),
                assertion: assertion.map(Octets),
            },
            NativeEvidence::PlayIntegrity { token } => Self::PlayIntegrity { token },
        }
    }
}
