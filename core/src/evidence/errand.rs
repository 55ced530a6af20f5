//! What a platform is sent for. It may take longer than the request can wait that it was for: what it brings then is not
//! lost, but kept with its challenge for a later request.

use std::fmt;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::PATIENCE;
use crate::challenge::Challenge;

/// One errand at a time: a platform that is still busy is sent for nothing else.
pub(crate) struct Errand<A, T>(Mutex<Option<Running<A, T>>>);

struct Running<A, T> {
    about: A,
    /// `None` once it was spent without what is brought.
    challenge: Option<Challenge>,
    work: JoinHandle<T>,
}

/// Why nothing was brought.
#[derive(Debug)]
pub(crate) enum Absent {
    /// Not in time. It may come yet, and its challenge is to be kept for it.
    Late,
    /// The platform has not come back yet from what it was sent for before.
    Busy,
    /// The port panicked, or the runtime is gone.
    Broken,
}

impl<A, T> Default for Errand<A, T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<A: PartialEq, T> Errand<A, T> {
    /// What the platform brings, begun now unless that has been done before; waited for within bounds.
    pub(crate) async fn run(
        &self,
        about: A,
        challenge: &Challenge,
        begin: impl FnOnce() -> JoinHandle<T>,
    ) -> Result<T, Absent> {
        let mut slot = self.0.try_lock().map_err(|_| Absent::Busy)?;
        let running = match &mut *slot {
            Some(before) if before.about == about => before,
            Some(before) if !before.work.is_finished() => return Err(Absent::Busy),
            other => other.insert(Running { about, challenge: Some(challenge.clone()), work: begin() }),
        };
        let brought = tokio::time::timeout(PATIENCE, &mut running.work).await.map_err(|_| Absent::Late)?;
        *slot = None;
        brought.map_err(|_| Absent::Broken)
    }

    /// Whether the platform is still at it, and nobody waits for it any more.
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.try_lock().is_ok_and(|slot| slot.as_ref().is_some_and(|running| !running.work.is_finished()))
    }

    /// The challenge of what has been brought meanwhile, if the service still takes it at `now` (boot milliseconds).
    pub(crate) fn ready(&self, now: u64) -> Option<Challenge> {
        let slot = self.0.try_lock().ok()?;
        let running = slot.as_ref().filter(|running| running.work.is_finished())?;
        running.challenge.clone().filter(|challenge| challenge.is_good(now))
    }

    /// This challenge is spent. What was still to be brought for it is good for nothing.
    pub(crate) fn spent(&self, challenge: &Challenge) {
        if let Ok(mut slot) = self.0.try_lock()
            && let Some(running) = slot.as_mut()
        {
            running.challenge.take_if(|kept| kept.text == challenge.text);
        }
    }
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => "it takes too long",
            Self::Busy => "it has not come back yet from the call before",
            Self::Broken => "the call ended without an answer",
        })
    }
}
