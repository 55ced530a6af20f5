//! The background work: a refresh when it is due, and reports that wait.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::backoff::Backoff;
use crate::inner::Inner;

/// The runtime's timers stand still while the device sleeps, so the boot clock is looked at this often.
const LONGEST_NAP: Duration = Duration::from_secs(300);

/// Whatever is due is not tried more often than this: a refresh that panics leaves no date for the next.
const SHORTEST_NAP: Duration = Duration::from_secs(1);

/// An app that starts has better uses for its processors than a refresh and a digest that nobody waits for yet.
const LAUNCH: Duration = Duration::from_millis(50);

/// Runs until the core is stopped or gone.
pub(crate) async fn run(core: Weak<Inner>) {
    tokio::time::sleep(LAUNCH).await;
    let Some(()) = core.upgrade().map(|inner| inner.tokens.measure()) else { return };
    let mut reports = Backoff::default();
    while let Some(inner) = core.upgrade() {
        if inner.stopped.load(Ordering::Relaxed) {
            return;
        }
        inner.notice_network();
        if inner.refresh.due_in() == 0 {
            // What fails is in the status; the next try is in the schedule.
            let _ = inner.refresh.now(inner.settings.request_deadline).await;
        }
        let nap = send_reports(&inner, &mut reports).await.min(inner.refresh.due_in());
        let wake = Arc::clone(&inner.wake);
        drop(inner);
        let nap = Duration::from_millis(nap).clamp(SHORTEST_NAP, LONGEST_NAP);
        // Either way there is something to look at.
        let _ = tokio::time::timeout(nap, wake.notified()).await;
    }
}

/// Milliseconds until the reports are worth another try.
async fn send_reports(inner: &Arc<Inner>, backoff: &mut Backoff) -> u64 {
    let now = inner.ports.clock.boot_millis();
    if !backoff.allows(now) {
        return backoff.not_before() - now;
    }
    let deadline = inner.service.deadline(inner.settings.request_deadline);
    match inner.reports.send(deadline).await {
        Ok(()) => {
            backoff.succeeded();
            u64::MAX
        }
        Err(failure) => {
            let now = inner.ports.clock.boot_millis();
            backoff.failed(now, failure.wait());
            backoff.not_before().saturating_sub(now)
        }
    }
}
