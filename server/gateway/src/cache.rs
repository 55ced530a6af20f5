//! The JWKS in memory: read without a lock, refreshed on an unknown `kid`, kept when a fetch fails.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::clock::Clock;
use crate::keys::KeySet;
use crate::source::KeySource;

/// How a [`KeyCache`] goes about its source.
#[derive(Clone, Copy, Debug)]
pub struct KeyCacheSettings {
    /// The least time between two fetches: forged `kid`s cost no more than that.
    pub floor: Duration,
    /// After so long keys are looked up anew even if all is known, so that withdrawn keys go; after twice that, before
    /// the next token is judged.
    pub max_age: Duration,
}

impl Default for KeyCacheSettings {
    fn default() -> Self {
        Self { floor: Duration::from_secs(10), max_age: Duration::from_secs(600) }
    }
}

/// The published keys, as last seen. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct KeyCache {
    shared: Arc<Shared>,
}

struct Shared {
    source: Box<dyn KeySource>,
    clock: Arc<dyn Clock>,
    settings: KeyCacheSettings,
    current: ArcSwap<Held>,
    /// When the last fetch began. The lock makes fetches single flight.
    last_attempt: Arc<Mutex<Option<Duration>>>,
}

/// Whose turn it is to fetch.
type Turn = OwnedMutexGuard<Option<Duration>>;

#[derive(Default)]
struct Held {
    keys: KeySet,
    /// When they were fetched; `None`: never.
    at: Option<Duration>,
}

impl KeyCache {
    /// An empty cache: the first token makes it fetch, or [`KeyCache::warm`].
    pub fn new(source: impl KeySource + 'static, clock: Arc<dyn Clock>, settings: KeyCacheSettings) -> Self {
        let shared = Shared {
            source: Box::new(source),
            clock,
            settings,
            current: ArcSwap::default(),
            last_attempt: Arc::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Fetches now, unless the floor forbids. Returns whether there are keys to verify with.
    pub async fn warm(&self) -> bool {
        self.refresh(self.turn().await, |_| false).await;
        !self.shared.current.load().keys.is_empty()
    }

    /// The key with this id; the source is asked when it is unknown. Needs a tokio runtime.
    pub async fn find(&self, kid: &str) -> Option<DecodingKey> {
        let held = self.shared.current.load_full();
        if let Some(key) = held.keys.find(kid) {
            let max_age = self.shared.settings.max_age;
            if !self.older_than(&held, max_age) {
                return Some(key.clone());
            }
            if !self.older_than(&held, max_age * 2) {
                // Nobody waits for it: the keys at hand are good until newer ones are there.
                if let Ok(turn) = Arc::clone(&self.shared.last_attempt).try_lock_owned() {
                    let cache = self.clone();
                    tokio::spawn(async move { cache.refresh(turn, |held| !cache.older_than(held, max_age)).await });
                }
                return Some(key.clone());
            }
            // Nobody came for long: the key may have been withdrawn since. A source that cannot be reached costs no one.
            self.refresh(self.turn().await, |held| !self.older_than(held, max_age)).await;
            return self.shared.current.load().keys.find(kid).cloned();
        }
        self.refresh(self.turn().await, |held| held.keys.find(kid).is_some()).await;
        self.shared.current.load().keys.find(kid).cloned()
    }

    fn older_than(&self, held: &Held, age: Duration) -> bool {
        held.at.is_none_or(|at| self.shared.clock.elapsed().saturating_sub(at) >= age)
    }

    async fn turn(&self) -> Turn {
        Arc::clone(&self.shared.last_attempt).lock_owned().await
    }

    /// Fetches, unless somebody else has just made `satisfied` true or tried in vain.
    async fn refresh(&self, mut last_attempt: Turn, satisfied: impl Fn(&Held) -> bool) {
        let shared = &self.shared;
        let now = shared.clock.elapsed();
        let too_soon = last_attempt.is_some_and(|last| now.saturating_sub(last) < shared.settings.floor);
        if too_soon || satisfied(&shared.current.load()) {
            return;
        }
        *last_attempt = Some(now);
        match shared.source.fetch().await {
            Ok(jwks) => match KeySet::from_jwks(&jwks) {
                Ok(keys) => {
                    if keys.is_empty() {
                        tracing::warn!("JWKS lists no P-256 key with a kid: every token is refused until it does");
                    }
                    shared.current.store(Arc::new(Held { keys, at: Some(now) }));
                }
                Err(error) => tracing::warn!(%error, "JWKS cannot be used; the keys at hand are kept"),
            },
            Err(error) => tracing::warn!(%error, "JWKS cannot be fetched; the keys at hand are kept"),
        }
    }
}
