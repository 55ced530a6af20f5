//! How many reports are stored: counted in memory, so that a flood of them costs the database next to nothing.
//!
//! Token requests need the same few connections and the same write lock. So one report at a time comes near the
//! database, with one connection; others that arrive meanwhile are dropped.

use std::collections::{HashMap, VecDeque};

use tokio::sync::Mutex;

use crate::store::logs::{self, ReportRow};
use crate::store::{Connection, Store, StoreError, installations};

/// A device sends one report a day for the same host and chain.
const PER_KEY_AND_DAY: u64 = 20;

/// What all keys together store in a day.
const PER_DAY: usize = 10_000;

/// The part of it for keys whose evidence never passed: a device may meet a wrong pin before its first token, but
/// anybody can make such keys, and they must not crowd out the installations.
const STRANGERS_PER_DAY: u64 = 1_000;

const DAY: u64 = 24 * 60 * 60;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Stored.
    Stored,
    /// Dropped: its key, the keys without an installation, or all together have stored enough.
    Capped,
    /// Dropped: another one is being stored.
    Busy,
}

impl Taken {
    /// As the metrics name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Capped => "capped",
            Self::Busy => "busy",
        }
    }
}

/// Where reports are taken, one at a time.
#[derive(Default)]
pub(super) struct Desk {
    /// `None` until the first report: then the last day is read from the database once. Another process on the same
    /// database counts for itself.
    tally: Mutex<Option<Tally>>,
}

impl Desk {
    /// Stores the report if the caps allow it. Never waits for another report.
    ///
    /// # Errors
    /// The database cannot be used; the report then does not count.
    pub(super) async fn take(&self, store: &Store, account: &str, row: ReportRow) -> Result<Taken, StoreError> {
        let Ok(mut held) = self.tally.try_lock() else {
            return Ok(Taken::Busy);
        };
        let since = row.received_at.saturating_sub(DAY);
        let mut ready = None;
        let tally = match &mut *held {
            Some(tally) => tally,
            empty @ None => {
                let connection = ready.insert(store.read().await?);
                empty.insert(Tally::read(connection, account, since).await?)
            }
        };
        tally.forget(since);
        if tally.is_full(&row.thumbprint) {
            return Ok(Taken::Capped);
        }

        // The same one for all of it: a second could wait for the first.
        let mut connection = match ready {
            Some(connection) => connection,
            None => store.read().await?,
        };
        let stranger = !installations::is_key(&mut connection, account, &row.thumbprint).await?;
        if stranger && tally.strangers >= STRANGERS_PER_DAY {
            return Ok(Taken::Capped);
        }
        // Counted before it is written: a client that goes away in between may not leave a row that does not count.
        tally.add(Counted { at: row.received_at, thumbprint: row.thumbprint.clone(), stranger });
        if let Err(error) = logs::insert_report(&mut connection, account, &row).await {
            tally.remove_last();
            return Err(error);
        }
        Ok(Taken::Stored)
    }
}

struct Counted {
    at: u64,
    thumbprint: String,
    stranger: bool,
}

/// The reports of the last day, the oldest first.
#[derive(Default)]
struct Tally {
    counted: VecDeque<Counted>,
    by_key: HashMap<String, u64>,
    strangers: u64,
}

impl Tally {
    async fn read(connection: &mut Connection, account: &str, since: u64) -> Result<Self, StoreError> {
        let mut tally = Self::default();
        let mut known: HashMap<String, bool> = HashMap::new();
        for (at, thumbprint) in logs::report_times(connection, account, since).await? {
            let exists = match known.get(&thumbprint) {
                Some(exists) => *exists,
                None => installations::is_key(connection, account, &thumbprint).await?,
            };
            known.insert(thumbprint.clone(), exists);
            tally.add(Counted { at, thumbprint, stranger: !exists });
        }
        Ok(tally)
    }

    fn is_full(&self, thumbprint: &str) -> bool {
        self.counted.len() >= PER_DAY || self.by_key.get(thumbprint).is_some_and(|count| *count >= PER_KEY_AND_DAY)
    }

    fn add(&mut self, counted: Counted) {
        *self.by_key.entry(counted.thumbprint.clone()).or_default() += 1;
        self.strangers += u64::from(counted.stranger);
        self.counted.push_back(counted);
    }

    fn remove_last(&mut self) {
        if let Some(counted) = self.counted.pop_back() {
            self.subtract(&counted);
        }
    }

    fn forget(&mut self, since: u64) {
        while let Some(counted) = self.counted.pop_front_if(|counted| counted.at < since) {
            self.subtract(&counted);
        }
    }

    fn subtract(&mut self, counted: &Counted) {
        self.strangers = self.strangers.saturating_sub(u64::from(counted.stranger));
        if let Some(count) = self.by_key.get_mut(&counted.thumbprint) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_key.remove(&counted.thumbprint);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::DATABASE_FILE;

    fn row(number: u64, thumbprint: &str) -> ReportRow {
        let received_at = 10 * DAY + number;
        ReportRow { id: format!("{number:08}"), received_at, thumbprint: thumbprint.into(), report: "{}".into() }
    }

    async fn open() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        (directory, store)
    }

    #[tokio::test]
    async fn a_report_beside_another_is_dropped_at_once() {
        let (_directory, store) = open().await;
        let desk = Desk::default();
        let other = desk.tally.lock().await;
        assert_eq!(desk.take(&store, "acme", row(1, "key")).await.unwrap(), Taken::Busy);
        drop(other);
        assert_eq!(desk.take(&store, "acme", row(1, "key")).await.unwrap(), Taken::Stored);
    }

    #[tokio::test]
    async fn capped_reports_need_no_connection_and_others_one() {
        let (_directory, store) = open().await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(store.read().await.unwrap());
        }
        let desk = Desk::default();
        for number in 0..PER_KEY_AND_DAY {
            assert_eq!(desk.take(&store, "acme", row(number, "key")).await.unwrap(), Taken::Stored);
        }
        others.push(store.read().await.unwrap());
        assert_eq!(desk.take(&store, "acme", row(90, "key")).await.unwrap(), Taken::Capped);
    }

    #[tokio::test]
    async fn what_was_not_stored_does_not_count() {
        let (_directory, store) = open().await;
        let desk = Desk::default();
        assert_eq!(desk.take(&store, "acme", row(0, "key")).await.unwrap(), Taken::Stored);
        for _ in 0..PER_KEY_AND_DAY {
            let twice = desk.take(&store, "acme", row(0, "key")).await;
            assert!(matches!(twice, Err(StoreError::Duplicate)), "{twice:?}");
        }
        assert_eq!(desk.take(&store, "acme", row(1, "key")).await.unwrap(), Taken::Stored);
    }
}
