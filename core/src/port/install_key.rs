use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::jwk::PublicKey;
use thiserror::Error;

/// How the platform says that it holds the key. What counts is what the evidence proves to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyLevel {
    /// In a file of the app.
    Software,
    /// By the platform, which does not say where.
    Platform,
    /// In a chip or its secure world.
    Hardware,
}

/// The install key's public side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHandle {
    /// The P-256 public key.
    pub public: PublicKey,
    /// How it is held.
    pub level: KeyLevel,
}

/// Why the install key cannot be used. Complete: the core's answer depends on which it is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyFailure {
    /// Not now, but it is there (locked device, prewarmed start, a disk that cannot be read). Never remade for this.
    #[error("the install key cannot be used now: {why}")]
    Unavailable {
        /// The platform's reason.
        why: String,
    },
    /// Gone for good, or unreadable for good. A new one is made, and the service sees a new installation.
    #[error("the install key is lost: {why}")]
    Lost {
        /// The platform's reason.
        why: String,
    },
    /// The platform failed in another way. Tried again later; nothing is remade.
    #[error("the platform's key store failed: {why}")]
    Failed {
        /// The platform's reason.
        why: String,
    },
}

/// A key that may take the place of the one in use, and what the platform attests of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its public side.
    pub key: KeyHandle,
    /// The chain of its Key Attestation in DER, its own certificate first.
    pub chain: Vec<Vec<u8>>,
}

/// The P-256 key that identifies the installation. May block for seconds.
///
/// Where the platform attests keys at their making (Android Key Attestation), a key cannot be attested again: the core
/// makes another one beside it, the *candidate*, sends its attestation, signed by both, and has the candidate take over
/// once the service has answered. Until then the key in use stays, whatever becomes of the candidate. The processes of one
/// app share one candidate as they share the key; before it takes over the core has it sign, to see that it is still the
/// one that was answered.
pub trait InstallKey: Send + Sync {
    /// The key, made now if there is none yet. Several processes of one app get the same key.
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure>;

    /// Signs with ECDSA and SHA-256; 64 bytes, R and S (RFC 7518 section 3.4).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure>;

    /// Removes the key, so that the next [`InstallKey::load_or_create`] makes a new one. Fine if there is none.
    fn reset(&self) -> Result<(), KeyFailure>;

    /// Whether the platform attests keys at their making. Where it does not, which is what this says by itself, none of
    /// the calls below is made.
    fn attests(&self) -> bool {
        false
    }

    /// The key, if there is one: where keys are attested, the first one is made as a candidate.
    fn load(&self) -> Result<Option<KeyHandle>, KeyFailure> {
        self.load_or_create().map(Some)
    }

    /// Makes a candidate whose attestation carries this challenge; one that was there goes.
    fn make_candidate(&self, challenge: &Sha256) -> Result<Candidate, KeyFailure> {
        let _ = challenge;
        Err(no_candidate())
    }

    /// Signs with the candidate, as [`InstallKey::sign`] does with the key in use.
    fn sign_with_candidate(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let _ = message;
        Err(no_candidate())
    }

    /// The candidate takes the place of the key in use, at once or not at all; the old key is removed after that. Fails
    /// where `candidate` is not the one that is there: another process of the app has made one meanwhile.
    fn adopt_candidate(&self, candidate: &PublicKey) -> Result<(), KeyFailure> {
        let _ = candidate;
        Err(no_candidate())
    }

    /// Removes the candidate. Fine if there is none.
    fn drop_candidate(&self) -> Result<(), KeyFailure> {
        Ok(())
    }
}

fn no_candidate() -> KeyFailure {
    KeyFailure::Failed { why: "this platform attests no keys".into() }
}
