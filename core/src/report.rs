//! Mismatch reports: queued on disk, sent over the service's pinned channel, at most one a day for the same host and
//! chain.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bonafide_protocol::encoding::{sha256, to_base64url};
use bonafide_protocol::message::{REPORT_TYPE, Report};
use bonafide_protocol::status::StatusClass;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::Failure;
use crate::health::{Concern, Health};
use crate::keys::Keys;
use crate::port::{Clock, Record, Storage, StorageFailure, StorageLock};
use crate::service::{Deadline, Service};
use crate::store::{self, Content};

/// So many reports wait at most; an interceptor may make as many as it likes.
const QUEUE: usize = 32;

/// So many mismatches are remembered as reported.
const SEEN: usize = 128;

const DAY_SECONDS: u64 = 24 * 3600;

/// The content of [`Record::Reports`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    waiting: Vec<Report>,
    seen: Vec<Seen>,
}

/// A mismatch that was reported, or waits to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Over host and served pins.
    digest: String,
    /// When, by the wall clock, Unix seconds.
    time: u64,
}

/// The queue as this process knows it: storage may be full or read-only.
#[derive(Default)]
struct Held {
    queue: Queue,
    /// The disk could not take the last change: until it has, it does not overrule what is here.
    unwritten: bool,
}

/// The queue.
pub(crate) struct Reports {
    queue: Mutex<Held>,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    service: Arc<Service>,
    keys: Keys,
    health: Arc<Health>,
    runtime: Handle,
}

impl Reports {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        service: Arc<Service>,
        keys: Keys,
        health: Arc<Health>,
        runtime: Handle,
    ) -> Self {
        Self { queue: Mutex::default(), storage, clock, service, keys, health, runtime }
    }

    /// Queues a report, unless the same was reported within a day. `true` when it was queued. Blocks on storage.
    pub(crate) fn queue(&self, report: Report) -> bool {
        self.change(|queue| queue.push(report.clone(), self.clock.unix_seconds()))
    }

    /// Sends what waits; stops at the first failure that a later try may mend.
    pub(crate) async fn send(self: &Arc<Self>, deadline: Deadline) -> Result<(), Failure> {
        while let Some(report) = self.first().await {
            let result = self.send_one(&report, deadline).await;
            self.health.ended(Concern::Report, result.as_ref().err());
            match result {
                Err(failure) if failure.status().class() == StatusClass::Retry => return Err(failure),
                Err(failure) if failure.status().class() == StatusClass::UntrustedChannel => return Err(failure),
                // The service does not want this one, and never will.
                Err(failure) => tracing::warn!(%failure, "a mismatch report was refused and is dropped"),
                Ok(()) => {}
            }
            let this = Arc::clone(self);
            let dropped = self.runtime.spawn_blocking(move || this.change(|queue| queue.remove(&report))).await;
            if dropped.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn send_one(&self, report: &Report, deadline: Deadline) -> Result<(), Failure> {
        let key = self.keys.handle().await?;
        // Strings and numbers always serialise.
        let payload = serde_json::to_vec(report).unwrap_or_default();
        let jws = self.keys.sign(REPORT_TYPE, &key.public, &payload).await?;
        self.service.report(&jws, deadline).await
    }

    async fn first(self: &Arc<Self>) -> Option<Report> {
        let this = Arc::clone(self);
        let first = self.runtime.spawn_blocking(move || {
            this.change(|_| false);
            this.held().queue.waiting.first().cloned()
        });
        first.await.ok().flatten()
    }

    /// Changes the queue in memory and on disk; other processes' reports are in it as well.
    fn change(&self, change: impl Fn(&mut Queue) -> bool) -> bool {
        let mut held = self.held();
        let (mut queue, lock) = match self.locked(&held) {
            Ok((queue, lock)) => (queue, Some(lock)),
            Err(error) => {
                self.health.stored(Err(error));
                (held.queue.clone(), None)
            }
        };
        let changed = change(&mut queue);
        let mut unwritten = changed || held.unwritten;
        if unwritten && lock.is_some() {
            match store::write(&*self.storage, Record::Reports, &queue) {
                Ok(()) => unwritten = false,
                Err(error) => self.health.stored(Err(error)),
            }
        }
        *held = Held { queue, unwritten };
        changed
    }

    /// What is to be changed, locked against other processes.
    fn locked(&self, held: &Held) -> Result<(Queue, Box<dyn StorageLock>), StorageFailure> {
        let lock = self.storage.lock(Record::Reports)?;
        let queue = match store::read(&*self.storage, Record::Reports)? {
            Content::Intact(stored) if held.unwritten => held.queue.clone().with(stored),
            Content::Intact(stored) => stored,
            Content::Absent => held.queue.clone(),
            Content::Damaged => {
                self.storage.set_aside(Record::Reports)?;
                held.queue.clone()
            }
        };
        Ok((queue, lock))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Adds what only the disk knows of. A report that was sent, and could not be taken off the disk, is seen here.
    fn with(mut self, stored: Self) -> Self {
        let known: Vec<_> = self.seen.iter().map(|seen| seen.digest.clone()).collect();
        let room = (QUEUE.saturating_sub(self.waiting.len()), SEEN.saturating_sub(self.seen.len()));
        self.waiting.extend(stored.waiting.into_iter().filter(|report| !known.contains(&digest(report))).take(room.0));
        self.seen.extend(stored.seen.into_iter().filter(|seen| !known.contains(&seen.digest)).take(room.1));
        self
    }

    fn push(&mut self, report: Report, now: u64) -> bool {
        let digest = digest(&report);
        // A clock that was set back does not silence a report for longer than a day either.
        self.seen.retain(|seen| now.abs_diff(seen.time) < DAY_SECONDS);
        if self.seen.iter().any(|seen| seen.digest == digest) || self.waiting.len() >= QUEUE {
            return false;
        }
        if self.seen.len() >= SEEN {
            self.seen.remove(0);
        }
        self.seen.push(Seen { digest, time: now });
        self.waiting.push(report);
        true
    }

    fn remove(&mut self, report: &Report) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting != report);
        self.waiting.len() < before
    }
}

fn digest(report: &Report) -> String {
    let mut text = report.host.clone().into_bytes();
    for pin in &report.served {
        text.extend_from_slice(pin.digest());
    }
    to_base64url(&sha256(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_protocol::measurement::{App, Platform};
    use bonafide_protocol::pin::Pin;

    fn report(host: &str, pin: u8) -> Report {
        let app = App { platform: Platform::Jvm, id: "a".into(), version: "1".into(), build: String::new() };
        let served = vec![Pin::from_digest([pin; 32])];
        let (account, sdk_version) = ("acme".into(), "1".into());
        Report { account, time: 0, host: host.into(), served, epoch: 1, version: 1, app, sdk_version, enforced: true }
    }

    #[test]
    fn the_same_host_and_chain_is_reported_once_a_day() {
        let mut queue = Queue::default();
        assert!(queue.push(report("a", 1), 1_000_000));
        assert!(!queue.push(report("a", 1), 1_000_000 + DAY_SECONDS - 1));
        assert!(queue.push(report("a", 2), 1_000_001));
        assert!(queue.push(report("b", 1), 1_000_001));
        assert!(queue.remove(&report("a", 1)));
        assert!(!queue.push(report("a", 1), 1_000_002), "sent is still reported");
        assert!(queue.push(report("a", 1), 1_000_000 + DAY_SECONDS));
        assert!(queue.push(report("a", 2), 0), "the clock was set back by more than a day");
    }

    #[test]
    fn the_form_is_frozen() {
        let mut queue = Queue::default();
        queue.push(report("a", 1), 7);
        let expected = serde_json::json!({
            "waiting": [{
                "account": "acme", "time": 0, "host": "a", "epoch": 1, "version": 1, "sdk_version": "1",
                "served": [Pin::from_digest([1; 32])], "enforced": true,
                "app": { "platform": "jvm", "id": "a", "version": "1", "build": "" },
            }],
            "seen": [{ "digest": digest(&report("a", 1)), "time": 7 }],
        });
        assert_eq!(serde_json::to_value(&queue).ok(), Some(expected.clone()));
        assert_eq!(serde_json::from_value::<Queue>(expected).ok(), Some(queue));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut queue = Queue::default();
        for number in 0..1000_u32 {
            queue.push(report(&number.to_string(), 0), 0);
        }
        assert_eq!(queue.waiting.len(), QUEUE);
        for number in 0..1000_u32 {
            queue.waiting.clear();
            queue.push(report(&number.to_string(), 0), 0);
        }
        assert!(queue.seen.len() <= SEEN);
    }
}
