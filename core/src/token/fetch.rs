//! One token from the service.

use std::sync::Arc;

use bonafide_protocol::FORMATS;
use bonafide_protocol::development::DevelopmentKey;
use bonafide_protocol::encoding::to_base64;
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
use crate::challenge::Challenge;
use crate::evidence::{Attestor, Dues, Gathered, Turn, being_made};
use crate::health::{Concern, Health};
use crate::held::Held;
use crate::integrity::{Measurer, is_incomplete};
use crate::keys::{Keys, is_lost};
use crate::port::{Clock, KeyHandle, Storage};
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
    /// The app could not be measured whole yet, or no evidence could be had: the service may have sent a decoy for that
    /// alone. When to ask again, milliseconds from the asking.
    pub(crate) again_in: Option<u64>,
}

/// What is needed to fetch one.
pub(crate) struct Fetcher {
    pub(crate) held: Arc<Held>,
    pub(crate) service: Arc<Service>,
    pub(crate) keys: Keys,
    pub(crate) measurer: Measurer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) health: Arc<Health>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) runtime: Handle,
    pub(crate) app: App,
    pub(crate) sdk_version: String,
    development: Option<DevelopmentKey>,
    challenges: Challenges,
    attestor: Attestor,
    /// While a candidate takes over, no request by the old key is on its way: it might arrive after the old key ended.
    changing_key: tokio::sync::RwLock<()>,
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
        let attestor = Attestor::new(parts.keys.clone(), ports, Arc::clone(&health), settings);
        Self {
            held: parts.held,
            service: parts.service,
            keys: parts.keys,
            measurer: parts.measurer,
            clock: Arc::clone(&ports.clock),
            health,
            storage: Arc::clone(&ports.storage),
            runtime: settings.runtime.clone(),
            app: settings.app.clone(),
            sdk_version: settings.sdk_version.clone(),
            development,
            challenges: Challenges::default(),
            attestor,
            changing_key: tokio::sync::RwLock::default(),
        }
    }

    /// The token that is wanted. A challenge that was not taken, and a key that was lost on the way, are each replaced
    /// once.
    pub(crate) async fn fetch(&self, wanted: &Key, mut deadline: Deadline) -> Result<Fetched, Failure> {
        let deadline = &mut deadline;
        let mut attempt = self.attempt(wanted, None, deadline).await;
        if let Err(failure) = &attempt {
            if is_lost(failure) {
                self.keys.remake().await?;
                attempt = self.attempt(wanted, None, deadline).await;
            } else if is_about_challenge(failure.status()) {
                let fresh = self.service.challenge(*deadline).await?;
                attempt = self.attempt(wanted, Some(fresh), deadline).await;
            }
        }
        attempt
    }

    /// The deadline is that of the calls to the service: what the platform takes for evidence is not counted.
    async fn attempt(
        &self,
        wanted: &Key,
        challenge: Option<Challenge>,
        deadline: &mut Deadline,
    ) -> Result<Fetched, Failure> {
        // What takes long goes on while the key and the challenge are waited for.
        self.measurer.begin();
        let began = self.clock.boot_millis();
        let (in_use, turn) = self.attestor.turn().await?;
        deadline.put_off(began, self.clock.boot_millis());
        let dues = turn.as_ref().map(Turn::dues);
        // A kept challenge is bound to the key in use, and good for no other.
        let makes_key = dues.is_some_and(Dues::makes_key);
        let kept = || self.challenges.take(self.clock.boot_millis()).filter(|_| !makes_key);
        let ready = || dues.and_then(|dues| self.attestor.ready(dues));
        let mut challenge = match challenge.or_else(ready).or_else(kept) {
            Some(challenge) => challenge,
            None => self.service.challenge(*deadline).await?,
        };
        let began = self.clock.boot_millis();
        let gathered = match dues {
            Some(dues) => self.attestor.gather(dues, &self.account(), &challenge, in_use.as_ref()).await,
            None => Gathered::default(),
        };
        deadline.put_off(began, self.clock.boot_millis());
        let deadline = *deadline;
        if gathered.keeps_challenge {
            if in_use.is_none() {
                return Err(being_made());
            }
            challenge = self.service.challenge(deadline).await?;
        }
        let challenge = challenge.text;
        if let Some(candidate) = &gathered.candidate {
            let _changing = self.changing_key.write().await;
            let asked = self.send(candidate, wanted, challenge.clone(), &gathered, deadline).await;
            match asked {
                // Nothing has been sent: the key in use asks, without.
                Err(failure) if failure.status() == Status::KeyUnavailable => {
                    tracing::warn!(%failure, "the attested key cannot be used; the token request goes without");
                    self.attestor.candidate_ended(false);
                    self.keys.drop_candidate(candidate).await;
                }
                Err(failure) => {
                    self.keys.drop_candidate(candidate).await;
                    return Err(failure);
                }
                Ok(fetched) => return Ok(fetched),
            }
        }
        let gathered = if gathered.candidate.is_some() { Gathered::default() } else { gathered };
        let _unchanged = self.changing_key.read().await;
        // Read again: it may have been changed while this request waited.
        let key = self.keys.handle().await?;
        self.send(&key, wanted, challenge, &gathered, deadline).await
    }

    async fn send(
        &self,
        key: &KeyHandle,
        wanted: &Key,
        challenge: String,
        gathered: &Gathered,
        deadline: Deadline,
    ) -> Result<Fetched, Failure> {
        let session_key = P256Key::generate().map_err(|error| Failure::new(Status::Internal).because(error))?;
        let session_key = Arc::new(session_key);
        let session_public = session_key.public_key().map_err(|error| Failure::new(Status::Internal).because(error))?;
        let request = self.request(wanted, challenge, key, gathered, session_public).await;
        let incomplete = is_incomplete(&request.measurement);
        // Strings, numbers and keys always serialise.
        let payload = serde_json::to_vec(&request).unwrap_or_default();
        let jws = match &gathered.candidate {
            Some(_) => self.keys.sign_with_candidate(TOKEN_REQUEST_TYPE, &key.public, &payload).await?,
            None => self.keys.sign(TOKEN_REQUEST_TYPE, &key.public, &payload).await?,
        };
        let asked = self.clock.boot_millis();
        let trace = request.trace.as_ref().map_or("none", TraceId::as_str);
        let response = self.service.token(&jws, deadline).await.map_err(|failure| failure.with("trace", trace))?;
        tracing::info!(trace, audience = wanted.audience, "a token came");
        let adopted = match &gathered.candidate {
            None => true,
            Some(candidate) => self.adopt(candidate).await,
        };
        if adopted {
            self.attestor.answered(gathered, key, response.server_time).await;
        }
        self.attestor.want(response.evidence_wanted.clone(), response.server_time).await;
        let again_in = if incomplete { Some(0) } else { self.attestor.lacking(gathered, key).await };
        Ok(Fetched { again_in, ..self.take(response, key, session_key, asked).await? })
    }

    /// The service has answered the candidate: it takes over. Where the platform fails at that, the key in use goes on,
    /// which the service bears until it has seen the candidate again, and another one is made in time.
    async fn adopt(&self, candidate: &KeyHandle) -> bool {
        let adopted = self.keys.adopt_candidate(candidate).await;
        self.attestor.candidate_ended(adopted.is_ok());
        match adopted {
            Ok(()) => true,
            Err(failure) => {
                tracing::warn!(%failure, "the attested key could not take over; the one before goes on");
                self.keys.drop_candidate(candidate).await;
                false
            }
        }
    }

    fn account(&self) -> String {
        self.held.peek().config().account.clone()
    }

    async fn request(
        &self,
        wanted: &Key,
        challenge: String,
        key: &KeyHandle,
        gathered: &Gathered,
        session_key: PublicKey,
    ) -> TokenRequest {
        let (account, epoch, version) = {
            let snapshot = self.held.peek();
            let config = snapshot.config();
            (config.account.clone(), config.epoch, config.version)
        };
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
            evidence: gathered.evidence.clone(),
            previous: gathered.previous.clone(),
            session_key,
            binding: wanted.binding.map(|digest| to_base64(&digest)),
            development,
            user: wanted.user.clone(),
            trace,
        }
    }

    async fn take(
        &self,
        response: TokenResponse,
        key: &KeyHandle,
        session_key: Arc<P256Key>,
        asked: u64,
    ) -> Result<Fetched, Failure> {
        self.challenges.keep(Challenge::new(response.next_challenge, asked, response.next_challenge_expires_in));
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
        Ok(Fetched { token: response.token, session_key, asked, valid_millis, again_in: None })
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
