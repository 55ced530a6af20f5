//! The install key, from the blocking pool.

use std::sync::{Arc, OnceLock};

use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::jws::{Header, join, signing_input};
use bonafide_protocol::status::Status;
use tokio::runtime::Handle;

use crate::Failure;
use crate::health::Health;
use crate::port::{Candidate, InstallKey, KeyFailure, KeyHandle, Storage};
use crate::store::installation;

/// The install key. A key that cannot be used now is waited for; a lost one is made anew.
#[derive(Clone)]
pub(crate) struct Keys {
    key: Arc<dyn InstallKey>,
    storage: Arc<dyn Storage>,
    health: Arc<Health>,
    runtime: Handle,
    /// A foreign key is removed once: on a full disk that cannot be written down, and would be done again and again.
    foreign_gone: Arc<OnceLock<()>>,
}

impl Keys {
    pub(crate) fn new(
        key: Arc<dyn InstallKey>,
        storage: Arc<dyn Storage>,
        health: Arc<Health>,
        runtime: Handle,
    ) -> Self {
        Self { key, storage, health, runtime, foreign_gone: Arc::default() }
    }

    /// The key, made now if there is none.
    pub(crate) async fn handle(&self) -> Result<KeyHandle, Failure> {
        let this = self.clone();
        self.blocking(move || {
            this.reset_foreign()?;
            let handle = this.or_anew(|| this.key.load_or_create())?;
            this.health.key(handle.level);
            Ok(handle)
        })
        .await
    }

    /// A compact JWS by the key that `public` is of.
    pub(crate) async fn sign(&self, typ: &'static str, public: &PublicKey, payload: &[u8]) -> Result<String, Failure> {
        let this = self.clone();
        let input = signing_input(&Header::with_jwk(typ, public), payload);
        self.blocking(move || {
            let signature = this.key.sign(input.as_bytes())?;
            Ok(join(&input, &signature))
        })
        .await
    }

    /// Whether the platform attests keys at their making.
    pub(crate) fn attests(&self) -> bool {
        self.key.attests()
    }

    /// The key, if there is one. One that is lost is none.
    pub(crate) async fn existing(&self) -> Result<Option<KeyHandle>, Failure> {
        let this = self.clone();
        self.blocking(move || {
            this.reset_foreign()?;
            match this.key.load() {
                Err(KeyFailure::Lost { why }) => {
                    tracing::warn!(%why, "the install key is lost: a new one is made");
                    this.key.reset()?;
                    Ok(None)
                }
                other => other,
            }
        })
        .await
    }

    /// A key beside the one in use, attested for this challenge.
    pub(crate) async fn make_candidate(&self, challenge: Sha256) -> Result<Candidate, Failure> {
        let this = self.clone();
        self.blocking(move || this.key.make_candidate(&challenge)).await
    }

    /// A compact JWS by the candidate that `public` is of. Another process of the app may have put its own in its place.
    pub(crate) async fn sign_with_candidate(
        &self,
        typ: &'static str,
        public: &PublicKey,
        payload: &[u8],
    ) -> Result<String, Failure> {
        let (this, public) = (self.clone(), public.clone());
        let input = signing_input(&Header::with_jwk(typ, &public), payload);
        self.blocking(move || {
            let signature = this.candidate_signature(&public, input.as_bytes())?;
            Ok(join(&input, &signature))
        })
        .await
    }

    /// The signature of the key in use over these bytes.
    pub(crate) async fn sign_raw(&self, message: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let this = self.clone();
        self.blocking(move || this.key.sign(&message)).await
    }

    /// The candidate takes over, if it is still this one: another's was never answered, and must not.
    pub(crate) async fn adopt_candidate(&self, candidate: &KeyHandle) -> Result<(), Failure> {
        let (this, candidate) = (self.clone(), candidate.clone());
        self.blocking(move || {
            this.candidate_signature(&candidate.public, CANDIDATE_PROBE)?;
            this.key.adopt_candidate(&candidate.public)?;
            this.health.key(candidate.level);
            Ok(())
        })
        .await
    }

    /// The candidate goes, if it is still this one; the key in use stays. What is left of it is in nobody's way: the next
    /// one takes its place.
    pub(crate) async fn drop_candidate(&self, candidate: &KeyHandle) {
        let (this, public) = (self.clone(), candidate.public.clone());
        let dropped = self.blocking(move || {
            this.candidate_signature(&public, CANDIDATE_PROBE)?;
            this.key.drop_candidate()
        });
        if let Err(failure) = dropped.await {
            tracing::info!(%failure, "a key that was not used could not be removed");
        }
    }

    /// Makes the key anew, after [`KeyFailure::Lost`] came while signing.
    pub(crate) async fn remake(&self) -> Result<(), Failure> {
        let this = self.clone();
        self.blocking(move || this.key.reset()).await
    }

    fn candidate_signature(&self, public: &PublicKey, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let signature = self.key.sign_with_candidate(message)?;
        match public.verifies(message, &signature) {
            true => Ok(signature),
            false => Err(KeyFailure::Failed { why: "the candidate is another process's by now".into() }),
        }
    }

    fn reset_foreign(&self) -> Result<(), KeyFailure> {
        if self.foreign_gone.get().is_none() {
            installation::reset_foreign_key(&*self.storage, &*self.key)?;
            self.foreign_gone.get_or_init(|| ());
        }
        Ok(())
    }

    fn or_anew<T>(&self, attempt: impl Fn() -> Result<T, KeyFailure>) -> Result<T, KeyFailure> {
        match attempt() {
            Err(KeyFailure::Lost { why }) => {
                tracing::warn!(%why, "the install key is lost: a new one is made");
                self.key.reset()?;
                attempt()
            }
            other => other,
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, KeyFailure> + Send + 'static,
    ) -> Result<T, Failure> {
        match self.runtime.spawn_blocking(work).await {
            Ok(result) => result.map_err(|error| failure(&error)),
            Err(error) => Err(Failure::new(Status::Internal).because(error)),
        }
    }
}

/// Both are retried; which of them it was stands in the facts.
fn failure(error: &KeyFailure) -> Failure {
    let kind = match error {
        KeyFailure::Unavailable { .. } => "unavailable",
        KeyFailure::Lost { .. } => LOST,
        KeyFailure::Failed { .. } => "failed",
    };
    Failure::new(Status::KeyUnavailable).with("key", kind).with("reason", error).because(error.clone())
}

const LOST: &str = "lost";

/// What a candidate signs to show which one it is. No message of the protocol looks like it.
const CANDIDATE_PROBE: &[u8] = b"bonafide-candidate-v1";

/// Whether the failure is that of a key that was lost while it was used.
pub(crate) fn is_lost(failure: &Failure) -> bool {
    failure.status() == Status::KeyUnavailable && failure.fact("key") == Some(LOST)
}
