//! How the core is doing, in one place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bonafide_protocol::tag::TraceId;

use crate::port::{Clock, KeyLevel, Storage, StorageFailure};
use crate::store::contact::Moment;
use crate::{Failure, StorageState};

/// With `stale_after_seconds` on, the last contact is written down this often at most.
const SHORTEST_SAVE_MILLIS: u64 = 10_000;
const LONGEST_SAVE_MILLIS: u64 = 3_600_000;

/// What a call to the service was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    Config,
    Token,
    Report,
}

#[derive(Clone, Debug)]
struct State {
    config_failure: Option<Failure>,
    token_failure: Option<Failure>,
    report_failure: Option<Failure>,
    storage: StorageState,
    key_level: Option<KeyLevel>,
    installation_id: Option<String>,
    /// In this process.
    contact: Option<Moment>,
    /// In this process or an earlier one.
    baseline: Moment,
    saved: Option<Moment>,
    /// Service time less device time at the last contact, seconds.
    clock_offset: Option<i64>,
    token_trace: Option<TraceId>,
}

/// How the core is doing. Cheap to ask.
pub(crate) struct Health {
    clock: Arc<dyn Clock>,
    storage: Arc<dyn Storage>,
    state: Mutex<State>,
    changed: Box<dyn Fn() + Send + Sync>,
}

/// A copy of what [`crate::CoreStatus`] shows.
pub(crate) struct Report {
    pub(crate) config_failure: Option<Failure>,
    pub(crate) token_failure: Option<Failure>,
    pub(crate) report_failure: Option<Failure>,
    pub(crate) storage: StorageState,
    pub(crate) key_level: Option<KeyLevel>,
    pub(crate) last_contact: Option<Duration>,
    pub(crate) clock_offset: Option<i64>,
    pub(crate) token_trace: Option<TraceId>,
}

impl Health {
    /// `changed` is called after each change that `diagnose` would show, without any lock held.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        storage: Arc<dyn Storage>,
        baseline: Moment,
        installation_id: Option<String>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let state = State {
            config_failure: None,
            token_failure: None,
            report_failure: None,
            storage: StorageState::Persistent,
            key_level: None,
            installation_id,
            contact: None,
            baseline,
            saved: None,
            clock_offset: None,
            token_trace: None,
        };
        Self { clock, storage, state: Mutex::new(state), changed }
    }

    /// A call to the service has ended.
    pub(crate) fn ended(&self, concern: Concern, failure: Option<&Failure>) {
        self.change(|state| {
            let slot = match concern {
                Concern::Config => &mut state.config_failure,
                Concern::Token => &mut state.token_failure,
                Concern::Report => &mut state.report_failure,
            };
            let changed = slot.as_ref().map(Failure::status) != failure.map(Failure::status);
            *slot = failure.cloned();
            changed
        });
    }

    /// Storage was written to, or could not be.
    pub(crate) fn stored(&self, result: Result<(), StorageFailure>) {
        let now = match result {
            Ok(()) => StorageState::Persistent,
            Err(error) => StorageState::MemoryOnly { why: error.to_string() },
        };
        self.change(|state| {
            if state.storage == now {
                return false;
            }
            if let StorageState::MemoryOnly { why } = &now {
                tracing::warn!(%why, "what is learnt will not survive the process; protection goes on");
            }
            state.storage = now;
            true
        });
    }

    /// A token is asked for under this id.
    pub(crate) fn traced(&self, trace: &TraceId) {
        self.change(|state| {
            state.token_trace = Some(trace.clone());
            // Each request has another one: that is no news by itself.
            false
        });
    }

    /// The key has been used.
    pub(crate) fn key(&self, level: KeyLevel) {
        self.change(|state| state.key_level.replace(level) != Some(level));
    }

    /// The service gave this id. `true` when it is another one than before.
    pub(crate) fn installation(&self, id: &str) -> bool {
        let mut other = false;
        self.change(|state| {
            other = state.installation_id.as_deref() != Some(id);
            state.installation_id = Some(id.to_owned());
            other
        });
        other
    }

    pub(crate) fn installation_id(&self) -> Option<String> {
        self.state().installation_id.clone()
    }

    /// The service has answered. With `stale_after_seconds` on, that is written down now and then. Blocks on storage.
    pub(crate) fn contact(&self, server_time: Option<u64>, stale_after_seconds: Option<u64>) {
        let now = Moment::now(&*self.clock);
        let save = {
            let mut state = self.state();
            state.contact = Some(now);
            state.baseline = now;
            if let Some(time) = server_time {
                let device = i64::try_from(self.clock.unix_seconds()).unwrap_or(i64::MAX);
                state.clock_offset = i64::try_from(time).ok().map(|time| time.saturating_sub(device));
            }
            let due = stale_after_seconds.is_some_and(|seconds| {
                let pause = seconds.saturating_mul(100).clamp(SHORTEST_SAVE_MILLIS, LONGEST_SAVE_MILLIS);
                state.saved.is_none_or(|saved| saved.age_by_boot_clock(&*self.clock) >= pause)
            });
            if due {
                state.saved = Some(now);
            }
            due
        };
        if save {
            self.stored(now.save(&*self.storage));
        }
    }

    /// Whether the service has not been heard of for longer than the config allows.
    pub(crate) fn stale(&self, stale_after_seconds: Option<u64>) -> bool {
        let Some(seconds) = stale_after_seconds else { return false };
        let (contact, baseline) = {
            let state = self.state();
            (state.contact, state.baseline)
        };
        // After a contact in this process the boot clock is enough, and a wall clock that jumps does no harm.
        let age = contact.map_or_else(|| baseline.age(&*self.clock), |contact| contact.age_by_boot_clock(&*self.clock));
        age > seconds.saturating_mul(1000)
    }

    pub(crate) fn report(&self) -> Report {
        let state = self.state().clone();
        Report {
            config_failure: state.config_failure,
            token_failure: state.token_failure,
            report_failure: state.report_failure,
            storage: state.storage,
            key_level: state.key_level,
            last_contact: state.contact.map(|at| Duration::from_millis(at.age_by_boot_clock(&*self.clock))),
            token_trace: state.token_trace.clone(),
            clock_offset: state.clock_offset,
        }
    }

    fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        let changed = change(&mut self.state());
        if changed {
            (self.changed)();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
