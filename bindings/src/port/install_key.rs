use std::sync::Arc;

use bonafide_core::port::{InstallKey, KeyFailure, KeyHandle, KeyLevel};
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
}

pub(super) struct ForeignInstallKey(pub(super) Arc<dyn InstallKeyPort>);

impl InstallKey for ForeignInstallKey {
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure> {
        let key = self.0.load_or_create().map_err(KeyFailure::from)?;
        let public = PublicKey::from_p256_point(&key.point)
            .ok_or_else(|| KeyFailure::Failed { why: "its public side is no P-256 point".to_owned() })?;
        Ok(KeyHandle { public, level: key.level.into() })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        Ok(self.0.sign(message.to_vec())?)
    }

    fn reset(&self) -> Result<(), KeyFailure> {
        Ok(self.0.reset()?)
    }
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
