//! The ledger: what every token request writes, gathered into one transaction for all requests that wait.
//!
//! A synced commit costs more than a request's cryptography. Requests that run side by side share one.

use std::time::Duration;

use sqlx::QueryBuilder;
use tokio::sync::{mpsc, oneshot};

use super::evidence::{self, KeyChange};
use super::logs::AppraisalRow;
use super::{Connection, Db, Store, StoreError, int};
use crate::challenge::Fresh;

/// The most entries in one transaction. 128 rows of 19 columns stay far below what SQLite binds (32,766).
const BATCH: usize = 128;

/// How long a transaction waits for more entries.
const GATHER: Duration = Duration::from_millis(1);

/// Entries that may wait. More than that is an overload, and is refused at once.
const QUEUE: usize = 4096;

/// How long an entry waits for its commit before the request is refused.
const PATIENCE: Duration = Duration::from_secs(5);

/// `seen_at` is this exact, in seconds: a row in which nothing else changes is not written for each token.
const SEEN_EXACTNESS: u64 = 600;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Written.
    Written,
    /// The challenge had been spent before; or another request, judged by the same state of the same key, was faster.
    /// Both devices did right, and only one of them can be told so: the other asks again, with another challenge.
    Spent,
}

/// Why an entry was not written. In doubt nothing counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwritten;

/// What a token request leaves behind.
pub(crate) struct Outcome {
    pub(crate) appraisal: AppraisalRow,
    pub(crate) thumbprint: String,
    pub(crate) epoch: u64,
    pub(crate) version: u64,
    /// What it changes of what is known of install keys.
    pub(crate) change: Option<KeyChange>,
}

struct Item {
    nonce: String,
    expires_at: u64,
    outcome: Box<Outcome>,
}

type Waiting = (Item, oneshot::Sender<Result<Entry, Unwritten>>);

/// The way in; cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    queue: mpsc::Sender<Waiting>,
}

impl Ledger {
    /// Starts the writer. It ends when the last clone is dropped.
    pub(crate) fn start(store: Store, account: String) -> Self {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut batch: Vec<Waiting> = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                // Those who come a moment later share the commit; alone it would cost each of them more than this wait.
                tokio::time::sleep(GATHER).await;
                while batch.len() < BATCH
                    && let Ok(item) = waiting.try_recv()
                {
                    batch.push(item);
                }
                let written = write(&store, &account, &batch).await;
                if let Err(error) = &written {
                    tracing::error!(%error, entries = batch.len(), "the ledger could not be written");
                }
                let mut results = written.map(Vec::into_iter);
                for (_, reply) in batch.drain(..) {
                    let result = match &mut results {
                        Ok(entries) => entries.next().ok_or(Unwritten),
                        Err(_) => Err(Unwritten),
                    };
                    // The request may have given up.
                    let _ = reply.send(result);
                }
            }
        });
        Self { queue }
    }

    /// Spends a challenge and records what came of its request, both or neither; the installation too, if it passed.
    ///
    /// [`Entry::Written`] for exactly one caller per challenge, whatever runs side by side: nobody else's outcome counts.
    pub(crate) async fn settle(&self, nonce: String, expires_at: u64, outcome: Outcome) -> Result<Entry, Unwritten> {
        self.put(Item { nonce, expires_at, outcome: Box::new(outcome) }).await
    }

    async fn put(&self, item: Item) -> Result<Entry, Unwritten> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send((item, reply)).map_err(|_| Unwritten)?;
        tokio::time::timeout(PATIENCE, answer).await.map_err(|_| Unwritten)?.map_err(|_| Unwritten)?
    }
}

async fn write(store: &Store, account: &str, batch: &[Waiting]) -> Result<Vec<Entry>, StoreError> {
    let mut change = store.change().await?;
    let spends: Vec<(&str, u64)> = batch.iter().map(|(item, _)| (item.nonce.as_str(), item.expires_at)).collect();
    let mut fresh = spend_all(&mut change, &spends).await?;
    let mut entries: Vec<Entry> = batch
        .iter()
        // Taken out, so that the same challenge twice in a batch is fresh for the first only.
        .map(|(item, _)| match fresh.iter().position(|known| *known == item.nonce) {
            Some(place) => {
                fresh.swap_remove(place);
                Entry::Written
            }
            None => Entry::Spent,
        })
        .collect();
    for ((item, _), entry) in batch.iter().zip(&mut entries) {
        if let (Entry::Written, Some(keys)) = (&entry, &item.outcome.change)
            && !evidence::write(&mut change, account, keys).await?
        {
            *entry = Entry::Spent;
        }
    }
    let outcomes: Vec<&Outcome> = batch
        .iter()
        .zip(&entries)
        .filter(|(_, entry)| **entry == Entry::Written)
        .map(|((item, _), _)| item.outcome.as_ref())
        .collect();
    record_all(&mut change, account, &outcomes).await?;
    change.commit().await?;
    Ok(entries)
}

/// The nonces that were not there before.
async fn spend_all(connection: &mut Connection, spends: &[(&str, u64)]) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("INSERT INTO spent_challenges (nonce, expires_at) ");
    query.push_values(spends, |mut row, (nonce, expires_at)| {
        row.push_bind(*nonce).push_bind(int(*expires_at));
    });
    query.push(" ON CONFLICT (expires_at, nonce) DO NOTHING RETURNING nonce");
    Ok(query.build_query_scalar().fetch_all(connection).await?)
}

async fn record_all(connection: &mut Connection, account: &str, outcomes: &[&Outcome]) -> Result<(), StoreError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Db>::new(
        "INSERT INTO appraisals \
         (id, account, time, installation, platform, app, app_version, audience, passed, findings, policy, forced, \
         differences, reason, development_key, development_name, user_property, trace_id) ",
    );
    query.push_values(outcomes, |mut row, outcome| {
        let appraisal = &outcome.appraisal;
        row.push_bind(&appraisal.id)
            .push_bind(account)
            .push_bind(int(appraisal.time))
            .push_bind(&appraisal.installation)
            .push_bind(&appraisal.platform)
            .push_bind(&appraisal.app)
            .push_bind(&appraisal.app_version)
            .push_bind(&appraisal.audience)
            .push_bind(i64::from(appraisal.passed))
            .push_bind(&appraisal.findings)
            .push_bind(int(appraisal.policy))
            .push_bind(&appraisal.forced)
            .push_bind(&appraisal.differences)
            .push_bind(&appraisal.reason)
            .push_bind(&appraisal.development_key)
            .push_bind(&appraisal.development_name)
            .push_bind(&appraisal.user_property)
            .push_bind(&appraisal.trace_id);
    });
    query.build().execute(&mut *connection).await?;

    // One statement for those that passed and those that did not, so that both take the same way to the database;
    // the condition keeps the latter out. One installation may stand in a batch twice: the rows come in order.
    let mut query = QueryBuilder::<Db>::new(
        "INSERT INTO installations (installation, account, thumbprint, platform, app, app_version, epoch, version, \
         user_property, created_at, seen_at) \
         SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column10 \
         FROM (",
    );
    query.push_values(outcomes, |mut row, outcome| {
        let appraisal = &outcome.appraisal;
        row.push_bind(&appraisal.installation)
            .push_bind(account)
            .push_bind(&outcome.thumbprint)
            .push_bind(&appraisal.platform)
            .push_bind(&appraisal.app)
            .push_bind(&appraisal.app_version)
            .push_bind(int(outcome.epoch))
            .push_bind(int(outcome.version))
            .push_bind(&appraisal.user_property)
            .push_bind(int(appraisal.time))
            // A developer's build is no installation that a change could lock out, and none whose row it may overwrite.
            .push_bind(i64::from(appraisal.passed && appraisal.development_key.is_empty()));
    });
    query.push(
        ") AS outcome WHERE column11 = 1 ON CONFLICT (installation) DO UPDATE SET \
         thumbprint = excluded.thumbprint, platform = excluded.platform, app = excluded.app, app_version = excluded.app_version, \
         epoch = excluded.epoch, version = excluded.version, user_property = excluded.user_property, \
         seen_at = excluded.seen_at \
         WHERE excluded.seen_at NOT BETWEEN installations.seen_at AND installations.seen_at + ",
    );
    query.push_bind(int(SEEN_EXACTNESS));
    for column in ["thumbprint", "platform", "app", "app_version", "epoch", "version", "user_property"] {
        query.push(format_args!(" OR excluded.{column} <> installations.{column}"));
    }
    query.build().execute(connection).await?;
    Ok(())
}

/// Whether the challenge was spent before. That it was not is no promise: only [`Ledger::settle`] spends it.
pub(crate) async fn is_spent(connection: &mut Connection, challenge: &Fresh) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM spent_challenges WHERE expires_at = $1 AND nonce = $2")
        .bind(int(challenge.expires_at))
        .bind(&challenge.nonce)
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// Expired challenges are refused for their age; their nonces go.
pub(crate) async fn purge(connection: &mut Connection, now: u64) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM spent_challenges WHERE expires_at < $1").bind(int(now)).execute(connection).await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::{DATABASE_FILE, accounts, installations};

    fn outcome(time: u64, version: u64, passed: bool) -> Outcome {
        let text = || "x".to_owned();
        let appraisal = AppraisalRow {
            id: format!("{time}.{version}"),
            time,
            installation: text(),
            platform: text(),
            app: text(),
            app_version: text(),
            audience: text(),
            passed,
            findings: String::new(),
            policy: 0,
            forced: String::new(),
            differences: "[]".to_owned(),
            development_key: String::new(),
            development_name: String::new(),
            user_property: String::new(),
            trace_id: String::new(),
            reason: String::new(),
        };
        Outcome { appraisal, thumbprint: text(), epoch: 1, version, change: None }
    }

    #[tokio::test]
    async fn an_installation_is_written_when_it_changed_or_a_while_has_passed() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        let mut connection = store.read().await.unwrap();
        accounts::insert(&mut connection, "acme", 0).await.unwrap();
        let steps = [
            ("a decoy makes no row", outcome(900, 1, false), None),
            ("the first", outcome(1_000, 1, true), Some((1_000, 1))),
            ("nothing new", outcome(1_599, 1, true), Some((1_000, 1))),
            ("a decoy changes no row", outcome(5_000, 9, false), Some((1_000, 1))),
            ("another config", outcome(1_598, 2, true), Some((1_598, 2))),
            ("a while", outcome(2_199, 2, true), Some((2_199, 2))),
            ("a clock set back", outcome(50, 2, true), Some((50, 2))),
        ];
        for (what, outcome, expected) in steps {
            record_all(&mut connection, "acme", &[&outcome]).await.unwrap();
            let rows = installations::list(&mut connection, "acme", "", 9).await.unwrap();
            assert_eq!(rows.first().map(|row| (row.seen_at, row.version)), expected, "{what}");
        }
    }
}
