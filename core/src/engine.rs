use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bonafide_protocol::config::WithoutToken;
use bonafide_protocol::status::Status;
use bonafide_protocol::tag::UserProperty;
use bonafide_protocol::verdict::{Mismatch, MismatchReason, PinVerdict};

use crate::background;
use crate::backoff::millis;
use crate::inner::Inner;
use crate::port::Ports;
use crate::token::Wanted;
use crate::{CoreStatus, Failure, HostRules, Settings, Snapshot, TokenLease};

/// Everything that Bonafide does on the device. Cheap to clone; every method may be called from any thread.
///
/// The `async` methods may be polled by any executor: their work and their timers are on the settings' runtime, and
/// dropping one gives up waiting but ends nothing that others wait for.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

impl Core {
    /// Starts from the initial config and what is stored; usable at once. No network; the refresh runs on the
    /// settings' runtime. A few milliseconds, and only on first start longer, when records are made.
    ///
    /// Fails with [`Status::BadInitialConfig`] and [`Status::BadDevelopmentKey`] only.
    pub fn start(settings: Settings, ports: Ports) -> Result<Self, Failure> {
        let runtime = settings.runtime.clone();
        let inner = Inner::new(settings, ports)?;
        runtime.spawn(background::run(Arc::downgrade(&inner)));
        Ok(Self { inner })
    }

    /// Counts the configs of this process, from 1; rises with every change that connections have to be rechecked for.
    pub fn revision(&self) -> u64 {
        self.inner.held.peek().revision()
    }

    /// The config in force. One atomic load.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.held.load()
    }

    /// What the config says of a host, as an HTTP client calls it. No I/O.
    pub fn rules(&self, host: &str) -> HostRules {
        self.inner.held.peek().rules(host)
    }

    /// Checks a *validated* chain, leaf first, DER. No I/O, calls nothing back; the same until the revision changes.
    pub fn check_pins<C: AsRef<[u8]>>(&self, host: &str, chain: &[C]) -> PinVerdict {
        self.inner.held.peek().check_pins(host, chain)
    }

    /// After a mismatch: asks for a newer config once (single flight, rate-limited per host, at most `within`), and
    /// checks again. A chain that matches, or a host that is not enforced, is answered at once.
    pub async fn recheck_pins(&self, host: &str, chain: &[Vec<u8>], within: Duration) -> PinVerdict {
        match self.check_pins(host, chain) {
            PinVerdict::Mismatch(mismatch) if mismatch.reason != MismatchReason::MalformedHost => {
                if !self.inner.stopped.load(Ordering::Relaxed) {
                    self.timed(self.inner.refresh.for_mismatch(&mismatch.host, within)).await;
                }
                self.check_pins(host, chain)
            }
            verdict => verdict,
        }
    }

    /// Tells the service of a mismatch that stood: queued, at most once a day for the same host and chain. Returns at
    /// once. `enforced` when a request was stopped for it.
    pub fn report_mismatch(&self, mismatch: &Mismatch, enforced: bool) {
        let served: Vec<_> = mismatch.served.iter().map(ToString::to_string).collect();
        tracing::warn!(host = mismatch.host, ?served, enforced, reason = %mismatch.reason, "pin mismatch");
        self.inner.ports.observer.mismatch(mismatch, enforced);
        let Some(report) = self.inner.report_of(mismatch, enforced) else { return };
        let (reports, wake) = (Arc::clone(&self.inner.reports), Arc::clone(&self.inner.wake));
        drop(self.inner.settings.runtime.spawn_blocking(move || {
            if reports.queue(report) {
                wake.notify_one();
            }
        }));
    }

    /// What a request to `host` leaves with. `binding` is the data that the token is bound to (its SHA-256 becomes the
    /// claim `pay`). Waits at most `within`; zero takes what is there.
    ///
    /// Fails with [`Status::HostNotInConfig`] for a host that is not protected, and with the reason when its config
    /// says `without_token: fail`, or is stale.
    pub async fn token(&self, host: &str, binding: Option<&[u8]>, within: Duration) -> Result<TokenLease, Failure> {
        let snapshot = self.snapshot();
        let rules = snapshot.rules(host);
        let Some(audience) = &rules.audience else {
            return Err(Failure::new(Status::HostNotInConfig).with("host", host.chars().take(100).collect::<String>()));
        };
        self.inner.notice_network();
        if self.inner.refresh.due_in() == 0 {
            // The device may have slept through the time of the background refresh.
            self.inner.wake.notify_one();
        }
        let wanted = Wanted {
            audience,
            header: &rules.token_header,
            without_token: rules.without_token,
            stale_after_seconds: snapshot.config().stale_after_seconds,
            binding,
        };
        self.timed(self.inner.tokens.lease(&wanted, within)).await
    }

    /// What the app says of its user, in the claim `user` of the tokens from now on: a short opaque text, for instance a
    /// keyed hash of the user's id; `None` once nobody is logged in. Kept in memory only. Returns at once.
    pub fn set_user_property(&self, user: Option<UserProperty>) {
        self.inner.tokens.set_user(user);
    }

    /// Whatever failed may work now: the device was unlocked, its key store is back. What waits for the end of its backoff
    /// is tried again when it is asked for next. Returns at once.
    pub fn try_again(&self) {
        self.inner.try_again();
    }

    /// Asks the service for a newer config, at most `within`. `Ok(true)` when there was one.
    pub async fn refresh_config(&self, within: Duration) -> Result<bool, Failure> {
        if self.inner.stopped.load(Ordering::Relaxed) {
            return Err(Failure::new(Status::NotStarted).with("reason", "it was shut down"));
        }
        self.timed(self.inner.refresh.now(within)).await
    }

    /// Warms up: a token for every audience, over the service's pinned channel, so that the first request waits for
    /// nothing. Fails with the first reason that there is.
    pub async fn precheck(&self, within: Duration) -> Result<(), Failure> {
        let snapshot = self.snapshot();
        let config = snapshot.config();
        let audiences: BTreeSet<&str> =
            config.hosts.iter().filter(|entry| entry.send_token).map(|entry| config.audience(entry)).collect();
        if audiences.is_empty() {
            return self.refresh_config(within).await.map(drop);
        }
        let clock = &self.inner.ports.clock;
        let end = clock.boot_millis().saturating_add(millis(within));
        for audience in audiences {
            let wanted = Wanted {
                audience,
                header: &config.token.header,
                without_token: WithoutToken::Fail,
                stale_after_seconds: config.stale_after_seconds,
                binding: None,
            };
            let left = Duration::from_millis(end.saturating_sub(clock.boot_millis()));
            self.timed(self.inner.tokens.lease(&wanted, left)).await?;
        }
        Ok(())
    }

    /// The installation's id; `None` before the service has given one.
    pub fn installation_id(&self) -> Option<String> {
        self.inner.health.installation_id()
    }

    /// How the core is doing.
    pub fn status(&self) -> CoreStatus {
        self.inner.status()
    }

    /// Stops background work. What is asked afterwards is answered from memory or fails.
    pub async fn shutdown(&self) {
        self.inner.stopped.store(true, Ordering::Relaxed);
        self.inner.tokens.stop();
        self.inner.wake.notify_one();
    }

    /// Timers need the runtime's context, also where another executor polls.
    async fn timed<F: Future>(&self, work: F) -> F::Output {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            let _context = self.inner.settings.runtime.enter();
            work.as_mut().poll(context)
        })
        .await
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}
