use std::sync::Arc;

use bonafide_core::port::{Candidate, InstallKey, KeyFailure, KeyHandle, KeyLevel};
use bonafide_core::protocol::encoding::Sha256;
use bonafide_core::protocol::jwk::PublicKey;
use thiserror::Error;

/// How the platform says that it holds the key. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NativeKeyLevel {
    /// In a file of the app.
    Software,
    /// By the platform, which does not say where.
    Platform,
    /// In a chip or its secure world.
    Hardware,
}

/// The install key's public side.
#[derive(Clone, Debug, uniffi::Record)]
pub struct NativeKey {
    /// The uncompressed point, `04 ‖ x ‖ y`, 65 bytes (SEC 1 section 2.3.3).
    pub point: Vec<u8>,
    /// How it is held.
    pub level: NativeKeyLevel,
}

/// A key that may take the place of the one in use, and what the platform attests of it.
#[derive(Clone, Debug, uniffi::Record)]
pub struct NativeCandidate {
    /// Its public side.
    pub key: NativeKey,
    /// The chain of its Key Attestation in DER, its own certificate first.
    pub chain: Vec<Vec<u8>>,
}

/// Why the install key cannot be used. Complete.
#[derive(Clone, Debug, Error, PartialEq, Eq, uniffi::Error)]
pub enum KeyError {
    /// Not now, but it is there: a locked device, a prewarmed start. Never remade for this.
    #[error("not now: {why}")]
    Unavailable {
        /// The platform's reason.
        why: String,
    },
    /// Gone for good. A new one is made.
    #[error("lost: {why}")]
    Lost {
        /// The platform's reason.
        why: String,
    },
    /// Another failure; tried again later, nothing is remade.
    #[error("failed: {why}")]
    Failed {
        /// The platform's reason.
        why: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // An exception that nobody thought of is no proof that the key is gone.
        Self::Failed { why: error.reason }
    }
}

/// The P-256 key that identifies the installation. May block for seconds.
#[uniffi::export(foreign)]
pub trait InstallKeyPort: Send + Sync {
    /// The key, made now if there is none yet.
    fn load_or_create(&self) -> Result<NativeKey, KeyError>;

    /// Signs with ECDSA and SHA-256; 64 bytes, R and S (RFC 7518 section 3.4).
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, KeyError>;

    /// Removes the key. Fine if there is none.
    fn reset(&self) -> Result<(), KeyError>;

    /// Whether the platform attests keys at their making. Where it does not, none of the calls below is made.
    fn attests(&self) -> bool;

    /// The key, if there is one.
    fn load(&self) -> Result<Option<NativeKey>, KeyError>;

    /// Makes a key beside the one in use, whose attestation carries this challenge; one that was there goes.
    fn make_candidate(&self, challenge: Vec<u8>) -> Result<NativeCandidate, KeyError>;

    /// Signs with the candidate, as `sign` does with the key in use.
    fn sign_with_candidate(&self, message: Vec<u8>) -> Result<Vec<u8>, KeyError>;

    /// The candidate takes the place of the key in use, at once or not at all; the old key is removed after that. Fails
    /// where the candidate that is there is not the one of this point: another process has made one meanwhile.
    fn adopt_candidate(&self, point: Vec<u8>) -> Result<(), KeyError>;

    /// Removes the candidate. Fine if there is none.
    fn drop_candidate(&self) -> Result<(), KeyError>;
}

pub(super) struct ForeignInstallKey(pub(super) Arc<dyn InstallKeyPort>);

impl InstallKey for ForeignInstallKey {
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure> {
        handle(self.0.load_or_create()?)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        Ok(self.0.sign(message.to_vec())?)
    }

    fn reset(&self) -> Result<(), KeyFailure> {
        Ok(self.0.reset()?)
    }

    fn attests(&self) -> bool {
        self.0.attests()
    }

    fn load(&self) -> Result<Option<KeyHandle>, KeyFailure> {
        self.0.load()?.map(handle).transpose()
    }

    fn make_candidate(&self, challenge: &Sha256) -> Result<Candidate, KeyFailure> {
        let NativeCandidate { key, chain } = self.0.make_candidate(challenge.to_vec())?;
        Ok(Candidate { key: handle(key)?, chain })
    }

    fn sign_with_candidate(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        Ok(self.0.sign_with_candidate(message.to_vec())?)
    }

    fn adopt_candidate(&self, candidate: &PublicKey) -> Result<(), KeyFailure> {
        let PublicKey::P256 { x, y } = candidate else {
            return Err(KeyFailure::Failed { why: "the candidate is no P-256 key".to_owned() });
        };
        Ok(self.0.adopt_candidate([&[4][..], x, y].concat())?)
    }

    fn drop_candidate(&self) -> Result<(), KeyFailure> {
        Ok(self.0.drop_candidate()?)
    }
}

fn handle(key: NativeKey) -> Result<KeyHandle, KeyFailure> {
    let public = PublicKey::from_p256_point(&key.point)
        .ok_or_else(|| KeyFailure::Failed { why: "its public side is no P-256 point".to_owned() })?;
    Ok(KeyHandle { public, level: key.level.into() })
}

impl From<KeyError> for KeyFailure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable { why } => Self::Unavailable { why },
            KeyError::Lost { why } => Self::Lost { why },
            KeyError::Failed { why } => Self::Failed { why },
        }
    }
}

impl From<NativeKeyLevel> for KeyLevel {
    fn from(level: NativeKeyLevel) -> Self {
        match level {
            NativeKeyLevel::Software => Self::Software,
            NativeKeyLevel::Platform => Self::Platform,
            NativeKeyLevel::Hardware => Self::Hardware,
        }
    }
}
