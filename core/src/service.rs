//! The service's calls, typed. Each call has one deadline for everything it takes, recovery included.

use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::config;
use bonafide_protocol::message::{ChallengeRequest, ChallengeResponse, Documents, TokenResponse};
use bonafide_protocol::status::Status;
use tokio::runtime::Handle;

use crate::Failure;
use crate::backoff::millis;
use crate::challenge::Challenge;
use crate::health::Health;
use crate::held::Held;
use crate::port::Clock;
use crate::transport::{Position, Reply, Request, Transport};

/// When a call has to have ended, by the boot clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(u64);

impl Deadline {
    /// Puts it off by the time that went by since `began` (boot milliseconds), for something else than calls.
    pub(crate) fn put_off(&mut self, began: u64, now: u64) {
        self.0 = self.0.saturating_add(now.saturating_sub(began));
    }
}

/// The service, as the config in force names it.
pub(crate) struct Service {
    held: Arc<Held>,
    /// The service as the app itself embeds it. Whoever has the config key can name another one.
    home: config::Service,
    transport: Arc<Transport>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    runtime: Handle,
}

impl Service {
    pub(crate) fn new(
        held: Arc<Held>,
        home: config::Service,
        transport: Transport,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        runtime: Handle,
    ) -> Self {
        Self { held, home, transport: Arc::new(transport), clock, health, runtime }
    }

    pub(crate) fn deadline(&self, within: Duration) -> Deadline {
        Deadline(self.clock.boot_millis().saturating_add(millis(within)))
    }

    /// `POST /v1/challenges`.
    pub(crate) async fn challenge(&self, deadline: Deadline) -> Result<Challenge, Failure> {
        let asked = self.clock.boot_millis();
        let account = self.held.peek().config().account.clone();
        // One string always serialises.
        let body = serde_json::to_vec(&ChallengeRequest { account }).unwrap_or_default();
        let response: ChallengeResponse = self.pinned(deadline, || Request::challenge(body.clone())).await?.json()?;
        self.heard(Some(response.server_time)).await;
        Ok(Challenge::new(response.challenge, asked, response.expires_in).with_rollout(response.rollout))
    }

    /// `POST /v1/tokens`. The documents in the response are not taken yet.
    pub(crate) async fn token(&self, jws: &str, deadline: Deadline) -> Result<TokenResponse, Failure> {
        let response: TokenResponse = self.pinned(deadline, || Request::token(jws.to_owned())).await?.json()?;
        self.heard(Some(response.server_time)).await;
        Ok(response)
    }

    /// `POST /v1/reports`.
    pub(crate) async fn report(&self, jws: &str, deadline: Deadline) -> Result<(), Failure> {
        self.pinned(deadline, || Request::report(jws.to_owned())).await?;
        self.heard(None).await;
        Ok(())
    }

    /// `GET /v1/config`, and takes what came. `Ok(true)` when it was newer.
    pub(crate) async fn refresh(&self, deadline: Deadline) -> Result<bool, Failure> {
        let before = self.held.peek().revision();
        let snapshot = self.held.load();
        let reply = self.pinned(deadline, || Request::config(position(snapshot.config()))).await?;
        let taken = self.take(reply.json()?).await?;
        self.heard(None).await;
        // The recovery inside the call may have brought something newer as well.
        Ok(taken || self.held.peek().revision() > before)
    }

    /// Where the config in force names another service than the app embeds: asks the embedded one for the public config
    /// too, beside everything else. A thief of the config key can move the service to himself and hold back the owner's
    /// next root; this is the way by which that root still comes. Signed documents only, so it needs no pins.
    pub(crate) fn ask_home(self: &Arc<Self>, deadline: Deadline) {
        let snapshot = self.held.load();
        if snapshot.config().service.url == self.home.url {
            return;
        }
        let this = Arc::clone(self);
        drop(self.runtime.spawn(async move {
            let Ok(left) = this.left(deadline) else { return };
            let position = position(snapshot.config());
            let answer = this.transport.call_unpinned_for_config(&this.home, position, left).await;
            let taken = match answer.and_then(|reply| reply.json()) {
                Ok(documents) => this.take(documents).await,
                Err(error) => Err(error),
            };
            if let Err(failure) = taken {
                tracing::info!(%failure, "nothing from the service that the app embeds");
            }
        }));
    }

    /// Offers documents to the held config. Storage may block.
    pub(crate) async fn take(&self, documents: Documents) -> Result<bool, Failure> {
        let held = Arc::clone(&self.held);
        let offered = self.runtime.spawn_blocking(move || held.offer(&documents)).await;
        offered.unwrap_or_else(|error| Err(Failure::new(Status::Internal).because(error)))
    }

    async fn heard(&self, server_time: Option<u64>) {
        let stale_after = self.held.peek().config().stale_after_seconds;
        let health = Arc::clone(&self.health);
        // What fails here is written down in `health` itself.
        let _ = self.runtime.spawn_blocking(move || health.contact(server_time, stale_after)).await;
    }

    /// Over the pinned channel. After a mismatch of the service's own pins, and of nothing else, the public config is
    /// asked for once without them; when it names another service, the call is made again, pinned to that.
    async fn pinned(&self, deadline: Deadline, request: impl Fn() -> Request) -> Result<Reply, Failure> {
        let snapshot = self.held.load();
        let service = &snapshot.config().service;
        let failure = match self.transport.call(service, request(), self.left(deadline)?).await {
            Err(failure) if failure.status() == Status::ServicePinMismatch => failure,
            other => return other,
        };
        tracing::warn!(%failure, "asking for the public config without pins");
        let position = position(snapshot.config());
        let recovery = self.transport.call_unpinned_for_config(service, position, self.left(deadline)?).await;
        let taken = match recovery.and_then(|reply| reply.json()) {
            Ok(documents) => self.take(documents).await,
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            tracing::warn!(%error, "no way back to the service yet");
        }
        let now = self.held.load();
        if now.config().service == *service {
            return Err(failure);
        }
        self.transport.call(&now.config().service, request(), self.left(deadline)?).await
    }

    fn left(&self, deadline: Deadline) -> Result<Duration, Failure> {
        match deadline.0.checked_sub(self.clock.boot_millis()) {
            Some(left) if left > 0 => Ok(Duration::from_millis(left)),
            _ => Err(Failure::new(Status::PoorNetwork)),
        }
    }
}

fn position(config: &bonafide_protocol::config::Config) -> Position<'_> {
    Position { account: &config.account, epoch: config.epoch, version: config.version }
}
