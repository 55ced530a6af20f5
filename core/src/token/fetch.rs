//! One token from the service.

use std::sync::Arc;

use bonafide_protocol::FORMATS;
use bonafide_protocol::development::DevelopmentKey;
use bonafide_protocol::encoding::to_base64;
use bonafide_protocol::evidence::{Evidence, bound_hash};
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::App;
use bonafide_protocol::message::{TOKEN_REQUEST_TYPE, TokenRequest, TokenResponse};
use bonafide_protocol::status::Status;
use bonafide_protocol::tag::TraceId;
use tokio::runtime::Handle;

use super::cache::Key;
use super::challenges::Challenges;
use crate::Failure;
use crate::health::{Concern, Health};
use crate::held::Held;
use crate::integrity::{Measurer, is_incomplete};
use crate::keys::{Keys, is_lost};
use crate::port::{Clock, EvidenceProvider, EvidenceRequest, KeyHandle, Storage};
use crate::service::{Deadline, Service};
use crate::store::installation;

/// A longer token is none: it has to fit into a request's header.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// No token counts as valid for longer than a day, whatever the service says.
const MAX_VALID_MILLIS: u64 = 24 * 3600 * 1000;

/// A token as it came.
#[derive(Clone)]
pub(crate) struct Fetched {
    pub(crate) token: String,
    pub(crate) session_key: Arc<P256Key>,
    /// When it was asked for, by the boot clock: its age is never underestimated.
    pub(crate) asked: u64,
    pub(crate) valid_millis: u64,
    /// The app could not be measured whole yet: the service may have sent a decoy for that alone.
    pub(crate) provisional: bool,
}

/// What is needed to fetch one.
pub(crate) struct Fetcher {
    pub(crate) held: Arc<Held>,
    pub(crate) service: Arc<Service>,
    pub(crate) keys: Keys,
    pub(crate) measurer: Measurer,
    pub(crate) evidence: Arc<dyn EvidenceProvider>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) health: Arc<Health>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) runtime: Handle,
    pub(crate) app: App,
    pub(crate) sdk_version: String,
    development: Option<DevelopmentKey>,
    challenges: Challenges,
}

/// The parts of [`Fetcher`] that others own.
pub(crate) struct Parts {
    pub(crate) held: Arc<Held>,
    pub(crate) service: Arc<Service>,
    pub(crate) keys: Keys,
    pub(crate) measurer: Measurer,
}

impl Fetcher {
    pub(crate) fn new(
        parts: Parts,
        settings: &crate::Settings,
        ports: &crate::port::Ports,
        health: Arc<Health>,
        development: Option<DevelopmentKey>,
    ) -> Self {
        Self {
            held: parts.held,
            service: parts.service,
            keys: parts.keys,
            measurer: parts.measurer,
            evidence: Arc::clone(&ports.evidence),
            clock: Arc::clone(&ports.clock),
            health,
            storage: Arc::clone(&ports.storage),
            runtime: settings.runtime.clone(),
            app: settings.app.clone(),
            sdk_version: settings.sdk_version.clone(),
            development,
            challenges: Challenges::default(),
        }
    }

    /// The token that is wanted. A challenge that was not taken, and a key that was lost on the way, are each replaced
    /// once.
    pub(crate) async fn fetch(&self, wanted: &Key, deadline: Deadline) -> Result<Fetched, Failure> {
        let mut attempt = self.attempt(wanted, None, deadline).await;
        if let Err(failure) = &attempt {
            if is_lost(failure) {
                self.keys.remake().await?;
                attempt = self.attempt(wanted, None, deadline).await;
            } else if is_about_challenge(failure.status()) {
                let fresh = self.service.challenge(deadline).await?.challenge;
                attempt = self.attempt(wanted, Some(fresh), deadline).await;
            }
        }
        attempt
    }

    async fn attempt(&self, wanted: &Key, challenge: Option<String>, deadline: Deadline) -> Result<Fetched, Failure> {
        // What takes long goes on while the key and the challenge are waited for.
        self.measurer.begin();
        let key = self.keys.handle().await?;
        let challenge = match challenge.or_else(|| self.challenges.take(self.clock.boot_millis())) {
            Some(challenge) => challenge,
            None => self.service.challenge(deadline).await?.challenge,
        };
        let session_key = P256Key::generate().map_err(|error| Failure::new(Status::Internal).because(error))?;
        let session_key = Arc::new(session_key);
        let session_public = session_key.public_key().map_err(|error| Failure::new(Status::Internal).because(error))?;
        let request = self.request(wanted, challenge, &key, session_public).await;
        let provisional = is_incomplete(&request.measurement);
        // Strings, numbers and keys always serialise.
        let payload = serde_json::to_vec(&request).unwrap_or_default();
        let jws = self.keys.sign(TOKEN_REQUEST_TYPE, &key.public, &payload).await?;
        let asked = self.clock.boot_millis();
        let trace = request.trace.as_ref().map_or("none", TraceId::as_str);
        let response = self.service.token(&jws, deadline).await.map_err(|failure| failure.with("trace", trace))?;
        tracing::info!(trace, audience = wanted.audience, "a token came");
        Ok(Fetched { provisional, ..self.take(response, &key, session_key, asked).await? })
    }

    async fn request(&self, wanted: &Key, challenge: String, key: &KeyHandle, session_key: PublicKey) -> TokenRequest {
        let (account, epoch, version) = {
            let snapshot = self.held.peek();
            let config = snapshot.config();
            (config.account.clone(), config.epoch, config.version)
        };
        let evidence = self.platform_evidence(&account, &challenge, key).await;
        let thumbprint = key.public.thumbprint();
        let development = self.development.as_ref().map(|one| one.prove(&account, &challenge, &thumbprint));
        let trace = crate::random::trace();
        if let Some(trace) = &trace {
            self.health.traced(trace);
        }
        TokenRequest {
            challenge,
            account,
            audience: wanted.audience.clone(),
            app: self.app.clone(),
            sdk_version: self.sdk_version.clone(),
            formats: FORMATS.to_vec(),
            epoch,
            version,
            measurement: self.measurer.measurement().await,
            evidence: evidence.into_iter().collect(),
            previous: None,
            session_key,
            binding: wanted.binding.map(|digest| to_base64(&digest)),
            development,
            user: wanted.user.clone(),
            trace,
        }
    }

    /// Without evidence the request goes as well: what that means is the server's to say.
    async fn platform_evidence(&self, account: &str, challenge: &str, key: &KeyHandle) -> Option<Evidence> {
        let platform = self.app.platform;
        let thumbprint = key.public.thumbprint();
        let request = EvidenceRequest {
            bound_hash: bound_hash(account, platform, challenge, Some(&thumbprint)),
            key_bound_hash: bound_hash(account, platform, challenge, None),
        };
        let provider = Arc::clone(&self.evidence);
        match self.runtime.spawn_blocking(move || provider.evidence(&request)).await {
            Ok(Ok(evidence)) => evidence,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the token request goes without platform evidence");
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the evidence provider failed");
                None
            }
        }
    }

    async fn take(
        &self,
        response: TokenResponse,
        key: &KeyHandle,
        session_key: Arc<P256Key>,
        asked: u64,
    ) -> Result<Fetched, Failure> {
        self.challenges.keep(response.next_challenge, asked, response.next_challenge_expires_in);
        self.remember_installation(response.installation, key).await;
        // A token is good whatever became of the documents beside it.
        if let Err(failure) = self.service.take(response.documents).await {
            self.health.ended(Concern::Config, Some(&failure));
        }
        let fits_a_header = !response.token.is_empty()
            && response.token.len() <= MAX_TOKEN_BYTES
            && response.token.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits_a_header {
            return Err(
                Failure::new(Status::ServiceUnavailable).with("reason", "the token is none that a header holds")
            );
        }
        let valid_millis = response.expires_in.saturating_mul(1000).min(MAX_VALID_MILLIS);
        Ok(Fetched { token: response.token, session_key, asked, valid_millis, provisional: false })
    }

    async fn remember_installation(&self, id: String, key: &KeyHandle) {
        if id.is_empty() || id.len() > 256 || !self.health.installation(&id) {
            return;
        }
        let (storage, thumbprint) = (Arc::clone(&self.storage), key.public.thumbprint());
        let saved = self.runtime.spawn_blocking(move || installation::save_id(&*storage, &id, &thumbprint)).await;
        if let Ok(result) = saved {
            self.health.stored(result);
        }
    }
}

fn is_about_challenge(status: Status) -> bool {
    matches!(status, Status::ChallengeInvalid | Status::ChallengeExpired | Status::ChallengeSpent)
}
