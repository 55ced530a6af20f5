//! Tokens for requests: from the cache, refreshed in the background from half their lifetime on, fetched once for all
//! who ask at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bonafide_protocol::config::WithoutToken;
use bonafide_protocol::encoding::sha256;
use bonafide_protocol::status::Status;
use bonafide_protocol::tag::UserProperty;
use tokio::runtime::Handle;

use super::cache::{Cache, Key};
use super::{Fetcher, TokenLease};
use crate::Failure;
use crate::flight::{Flights, Landing};
use crate::health::{Concern, Health};
use crate::port::Clock;

/// What a request asks for.
pub(crate) struct Wanted<'a> {
    pub(crate) audience: &'a str,
    pub(crate) header: &'a str,
    pub(crate) without_token: WithoutToken,
    pub(crate) stale_after_seconds: Option<u64>,
    pub(crate) binding: Option<&'a [u8]>,
}

/// All tokens of the process.
pub(crate) struct Tokens {
    fetcher: Arc<Fetcher>,
    cache: Arc<Mutex<Cache>>,
    flights: Flights<Key, Result<(), Failure>>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    runtime: Handle,
    /// How long one fetch may take in the background.
    patience: Duration,
    stopped: AtomicBool,
    /// What the app says of its user now.
    user: RwLock<Option<UserProperty>>,
}

impl Tokens {
    pub(crate) fn new(fetcher: Fetcher, patience: Duration) -> Self {
        Self {
            cache: Arc::default(),
            flights: Flights::default(),
            clock: Arc::clone(&fetcher.clock),
            health: Arc::clone(&fetcher.health),
            runtime: fetcher.runtime.clone(),
            fetcher: Arc::new(fetcher),
            patience,
            stopped: AtomicBool::new(false),
            user: RwLock::default(),
        }
    }

    /// What the request leaves with; waits at most `within`.
    pub(crate) async fn lease(&self, wanted: &Wanted<'_>, within: Duration) -> Result<TokenLease, Failure> {
        let user = self.user.read().unwrap_or_else(PoisonError::into_inner).clone();
        let key = Key { audience: wanted.audience.to_owned(), binding: wanted.binding.map(sha256), user };
        let now = self.clock.boot_millis();
        let stale = self.health.stale(wanted.stale_after_seconds);
        let (entry, outage) = {
            let mut cache = self.cache();
            (cache.entry(&key).clone(), cache.outage.clone())
        };
        let due = entry.backoff.allows(now) && outage.backoff.allows(now) && !self.stopped.load(Ordering::Relaxed);
        if let Some(token) = entry.token.as_ref().filter(|token| token.valid_for(now) > 0 && !stale) {
            if token.fresh_for(now) == 0 && due {
                drop(self.fetch(&key));
            }
            return Ok(token.lease(wanted.header, now, Status::PoorNetwork));
        }
        let failure = if due {
            match self.fetch(&key).land(within).await {
                Landing::Done(Ok(())) => None,
                Landing::Done(Err(failure)) => Some(failure),
                Landing::Late => Some(Failure::new(Status::PoorNetwork).with("waited_ms", within.as_millis())),
                Landing::Lost => Some(Failure::new(Status::Internal).with("reason", "the request was abandoned")),
            }
        } else {
            Some(entry.failure.or(outage.failure).unwrap_or_else(|| Failure::new(Status::PoorNetwork)))
        };
        self.settle(wanted, &key, failure)
    }

    /// Has the app's files measured, for the tokens to come.
    pub(crate) fn measure(&self) {
        self.fetcher.measurer.begin();
    }

    /// What tokens say of the user from now on. Tokens of the user before are not given any more.
    pub(crate) fn set_user(&self, user: Option<UserProperty>) {
        *self.user.write().unwrap_or_else(PoisonError::into_inner) = user;
    }

    /// Lets every token be tried for again at once.
    pub(crate) fn try_again(&self) {
        self.cache().forget_failures();
    }

    /// From now on only what is there is given.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The token that there is, with the reason if it is not valid.
    fn settle(&self, wanted: &Wanted<'_>, key: &Key, failure: Option<Failure>) -> Result<TokenLease, Failure> {
        let now = self.clock.boot_millis();
        if self.health.stale(wanted.stale_after_seconds) {
            let stale = Failure::new(Status::ConfigStale).with("audience", wanted.audience);
            return Err(match failure {
                Some(failure) => stale.with("reason", failure.status().code()).because(failure),
                None => stale,
            });
        }
        let token = self.cache().entry(key).token.clone();
        let status = failure.as_ref().map_or(Status::PoorNetwork, Failure::status);
        if let Some(token) = &token
            && token.valid_for(now) > 0
        {
            return Ok(token.lease(wanted.header, now, status));
        }
        // A value of a later version means `fail`, as it does where the config is read.
        if wanted.without_token != WithoutToken::Send {
            return Err(failure.unwrap_or_else(|| Failure::new(Status::PoorNetwork)));
        }
        Ok(token.map_or_else(
            || TokenLease {
                header: wanted.header.to_owned(),
                token: None,
                status: Some(status),
                valid_for: Duration::ZERO,
                fresh_for: Duration::ZERO,
                session_key: None,
            },
            |token| token.lease(wanted.header, now, status),
        ))
    }

    fn fetch(&self, key: &Key) -> crate::flight::Flight<Result<(), Failure>> {
        self.flights.join(&self.runtime, key.clone(), || {
            let (fetcher, cache, key) = (Arc::clone(&self.fetcher), Arc::clone(&self.cache), key.clone());
            let deadline = self.fetcher.service.deadline(self.patience);
            async move {
                let fetched = fetcher.fetch(&key, deadline).await;
                let now = fetcher.clock.boot_millis();
                fetcher.health.ended(Concern::Token, fetched.as_ref().err());
                let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
                match &fetched {
                    Ok(_) => cache.outage.ended(),
                    Err(failure) => cache.outage.met(now, failure),
                }
                let entry = cache.entry(&key);
                match fetched {
                    Ok(token) => {
                        entry.token = Some(token);
                        entry.backoff.succeeded();
                        entry.failure = None;
                        Ok(())
                    }
                    Err(failure) => {
                        tracing::warn!(%failure, audience = key.audience, "no token");
                        entry.backoff.failed(now, failure.wait());
                        entry.failure = Some(failure.clone());
                        Err(failure)
                    }
                }
            }
        })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
