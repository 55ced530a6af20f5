//! What happens by itself: other nodes' changes are noticed, what has expired goes.

use std::sync::Arc;
use std::time::Duration;

use crate::error::ServiceError;
use crate::policy::LONGEST_AGE;
use crate::state::State;
use crate::store::{StoreError, accounts, development_keys, evidence, forced, installations, keys, ledger, logs};

/// How soon a change by another process is in force here.
const LOOK: Duration = Duration::from_millis(500);

/// How many looks there are between two sweeps.
const LOOKS_PER_SWEEP: u32 = 120;

const DAY: u64 = 24 * 60 * 60;

/// Installations that were not seen for so long go.
const IDLE_INSTALLATION: u64 = 90 * DAY;

/// Appraisals and reports are kept so long.
const KEEP_LOGS: u64 = 30 * DAY;

/// And no more than so many appraisals that passed, and as many that failed: anybody can cause one that fails.
const KEEP_APPRAISALS: u64 = 100_000;

/// Runs until it is aborted.
pub(crate) async fn run(state: Arc<State>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks: u32 = 0;
    loop {
        ticks.tick().await;
        if let Err(error) = state.reload_if_changed().await {
            tracing::warn!(%error, "could not look for changes; what was read last stays in force");
        }
        if looks.is_multiple_of(LOOKS_PER_SWEEP) {
            match sweep(&state).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "swept"),
                Err(error) => tracing::warn!(%error, "could not sweep"),
            }
        }
        looks = looks.wrapping_add(1);
    }
}

/// Removes what has expired; how many rows.
pub(crate) async fn sweep(state: &State) -> Result<u64, ServiceError> {
    let now = state.now();
    let mut change = state.store.change().await?;
    let mut rows = ledger::purge(&mut change, now).await?;
    rows += installations::purge(&mut change, now.saturating_sub(IDLE_INSTALLATION)).await?;
    let idle = now.saturating_sub(IDLE_INSTALLATION);
    rows += evidence::purge(&mut change, now.saturating_sub(LONGEST_AGE), idle).await?;
    rows += logs::purge(&mut change, now.saturating_sub(KEEP_LOGS), KEEP_APPRAISALS).await?;
    rows += forced::purge(&mut change, now).await?;
    rows += development_keys::purge(&mut change, now.saturating_sub(KEEP_LOGS)).await?;
    let ended = keys::purge(&mut change, now).await?;
    if ended > 0 {
        // Every node still has them in memory.
        accounts::bump_revision(&mut change, &state.account).await?;
    }
    rows += ended;
    change.commit().await.map_err(StoreError::from)?;
    Ok(rows)
}
