//! Newer configs: in the background, and once when a pin did not match.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bonafide_protocol::status::Status;
use tokio::runtime::Handle;

use crate::Failure;
use crate::backoff::Backoff;
use crate::flight::{Flights, Landing};
use crate::health::{Concern, Health};
use crate::held::Held;
use crate::port::Clock;
use crate::random;
use crate::service::Service;

/// For one host a mismatch asks for a newer config this often at most.
const RECHECK_PAUSE_MILLIS: u64 = 5_000;

/// So many hosts' rechecks are remembered.
const RECHECKED_HOSTS: usize = 64;

/// Bounds of what a config may ask for, in seconds.
const SHORTEST_PERIOD: u64 = 60;
const LONGEST_PERIOD: u64 = 7 * 24 * 3600;

/// Asks the service for newer configs.
pub(crate) struct Refresh {
    held: Arc<Held>,
    service: Arc<Service>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    runtime: Handle,
    patience: Duration,
    flights: Flights<(), Result<bool, Failure>>,
    schedule: Arc<Mutex<Schedule>>,
}

/// When to ask next.
#[derive(Debug, Default)]
struct Schedule {
    backoff: Backoff,
    /// After a success, by the boot clock.
    next: u64,
    /// Host, and when it was last rechecked.
    rechecked: Vec<(String, u64)>,
}

impl Refresh {
    pub(crate) fn new(
        held: Arc<Held>,
        service: Arc<Service>,
        clock: Arc<dyn Clock>,
        health: Arc<Health>,
        runtime: Handle,
        patience: Duration,
    ) -> Self {
        let (flights, schedule) = (Flights::default(), Arc::default());
        Self { held, service, clock, health, runtime, patience, flights, schedule }
    }

    /// One refresh for all who ask at the same time. `Ok(true)` when the config is newer now.
    pub(crate) async fn now(&self, within: Duration) -> Result<bool, Failure> {
        let flight = self.flights.join(&self.runtime, (), || {
            let (held, service) = (Arc::clone(&self.held), Arc::clone(&self.service));
            let (clock, health) = (Arc::clone(&self.clock), Arc::clone(&self.health));
            let (schedule, runtime) = (Arc::clone(&self.schedule), self.runtime.clone());
            let deadline = self.service.deadline(self.patience);
            async move {
                let stored = Arc::clone(&held);
                let adopted = runtime.spawn_blocking(move || stored.adopt_stored()).await.unwrap_or(false);
                service.ask_home(deadline);
                let result = service.refresh(deadline).await;
                health.ended(Concern::Config, result.as_ref().err());
                let period = held.peek().config().refresh_seconds;
                let mut schedule = schedule.lock().unwrap_or_else(PoisonError::into_inner);
                schedule.ended(clock.boot_millis(), period, result.as_ref().err());
                result.map(|newer| newer || adopted)
            }
        });
        match flight.land(within).await {
            Landing::Done(result) => result,
            Landing::Late => Err(Failure::new(Status::PoorNetwork).with("waited_ms", within.as_millis())),
            Landing::Lost => Err(Failure::new(Status::Internal).with("reason", "the refresh was abandoned")),
        }
    }

    /// After a mismatch of `host`: one refresh, unless there was one for it a moment ago. One that is under way is waited
    /// for by all: of many calls that meet a rotation at once none may fail for not having been the first.
    pub(crate) async fn for_mismatch(&self, host: &str, within: Duration) {
        let running = self.flights.is_running(&());
        let allowed = self.schedule().allow_recheck(host, self.clock.boot_millis());
        if (allowed || running)
            && let Err(failure) = self.now(within).await
        {
            tracing::warn!(%failure, "no newer config after a mismatch");
        }
    }

    /// Milliseconds until the background refresh is due.
    pub(crate) fn due_in(&self) -> u64 {
        self.schedule().due().saturating_sub(self.clock.boot_millis())
    }

    /// The network has come back: failures no longer delay the next try.
    pub(crate) fn try_again(&self) {
        self.schedule().backoff.succeeded();
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    fn ended(&mut self, now: u64, period_seconds: u64, failure: Option<&Failure>) {
        match failure {
            Some(failure) => {
                self.backoff.failed(now, failure.wait());
                self.next = now;
            }
            None => {
                self.backoff.succeeded();
                let period = period_seconds.clamp(SHORTEST_PERIOD, LONGEST_PERIOD) * 1000;
                // Within a tenth either way, so that a fleet started by one event spreads out.
                self.next = now + period * 9 / 10 + random::up_to(period / 5);
            }
        }
    }

    fn due(&self) -> u64 {
        self.next.max(self.backoff.not_before())
    }

    fn allow_recheck(&mut self, host: &str, now: u64) -> bool {
        self.rechecked.retain(|(_, at)| now.saturating_sub(*at) < RECHECK_PAUSE_MILLIS);
        if self.rechecked.iter().any(|(known, _)| known == host) || self.rechecked.len() >= RECHECKED_HOSTS {
            return false;
        }
        self.rechecked.push((host.chars().take(256).collect(), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_followed_by_the_period_within_a_tenth() {
        let mut schedule = Schedule::default();
        assert_eq!(schedule.due(), 0);
        for (asked, seconds) in [(3600, 3600), (0, SHORTEST_PERIOD), (u64::MAX, LONGEST_PERIOD)] {
            schedule.ended(5, asked, None);
            assert!((5 + seconds * 900..=5 + seconds * 1100).contains(&schedule.due()), "{schedule:?}");
        }
    }

    #[test]
    fn a_failure_is_followed_by_the_backoff_and_by_what_the_service_asked_for() {
        let mut schedule = Schedule::default();
        let busy = Failure::new(Status::TooManyRequests).retry_after(Some(Duration::from_secs(20)));
        schedule.ended(1_000, 3600, Some(&busy));
        assert!((21_000..=22_000).contains(&schedule.due()), "{schedule:?}");
    }

    #[test]
    fn rechecks_are_limited_for_each_host_and_in_number() {
        let mut schedule = Schedule::default();
        assert!(schedule.allow_recheck("a", 0));
        assert!(!schedule.allow_recheck("a", RECHECK_PAUSE_MILLIS - 1));
        assert!(schedule.allow_recheck("b", 1));
        assert!(schedule.allow_recheck("a", RECHECK_PAUSE_MILLIS));
        let allowed = (0..1000).filter(|number| schedule.allow_recheck(&number.to_string(), 100_000)).count();
        assert_eq!(allowed, RECHECKED_HOSTS);
    }
}
