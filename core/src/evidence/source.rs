//! How a source of evidence has fared: one that fails is left alone for a while, as a service is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backoff::Backoff;

/// The key store that attests, or the provider. Times are the boot clock's, in milliseconds.
#[derive(Default)]
pub(crate) struct Source {
    backoff: Mutex<Backoff>,
    never: AtomicBool,
}

impl Source {
    /// It has given what it was asked for.
    pub(crate) fn gave(&self) {
        self.backoff().succeeded();
    }

    /// It has not.
    pub(crate) fn failed(&self, now: u64) {
        self.backoff().failed(now, None);
    }

    /// It never will, on this device: for this process there is no such source.
    pub(crate) fn will_never(&self) {
        self.never.store(true, Ordering::Relaxed);
    }

    pub(crate) fn may_give(&self) -> bool {
        !self.never.load(Ordering::Relaxed)
    }

    /// How long it is to be left alone.
    pub(crate) fn wait(&self, now: u64) -> u64 {
        self.backoff().not_before().saturating_sub(now)
    }

    fn backoff(&self) -> MutexGuard<'_, Backoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
