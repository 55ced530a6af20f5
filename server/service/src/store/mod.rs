//! Storage: the one place that speaks SQL.
//!
//! No trait and no generics: functions that take a connection. The SQL is kept to what SQLite and PostgreSQL share, so
//! that the latter can join by widening [`Db`] here.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use thiserror::Error;

pub(crate) mod accounts;
pub(crate) mod apps;
pub(crate) mod development_keys;
pub(crate) mod documents;
pub(crate) mod evidence;
pub(crate) mod finding_policies;
pub(crate) mod forced;
pub(crate) mod installations;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod logs;
pub(crate) mod operators;
pub(crate) mod policies;

/// The database.
pub(crate) type Db = sqlx::Sqlite;
/// A connection to it.
pub(crate) type Connection = sqlx::SqliteConnection;
/// A transaction that may write.
pub(crate) type Change = sqlx::Transaction<'static, Db>;

/// The file's name in the data directory.
pub(crate) const DATABASE_FILE: &str = "bonafide.db";

/// How long a writer waits for another process that holds the database. Longer than any transaction of ours; shorter
/// than the deadline of a request.
const BUSY_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the database could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds it.
    #[error("the database is locked by another process")]
    Busy,
    /// No room, or a read-only file system.
    #[error("the database cannot be written: the disk is full or read-only")]
    Full,
    /// What is to be unique is there already.
    #[error("there is one of that name already")]
    Duplicate,
    /// Its schema is not this version's.
    #[error("the database's schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What stands in it cannot be.
    #[error("the database holds {what} that cannot be read")]
    Content {
        /// What it is.
        what: &'static str,
    },
    /// Anything else.
    #[error("the database: {0}")]
    Other(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return if matches!(error, sqlx::Error::PoolTimedOut) { Self::Busy } else { Self::Other(error) };
        };
        if database.is_unique_violation() {
            return Self::Duplicate;
        }
        // SQLite's primary result code is the low byte (https://sqlite.org/rescode.html).
        match database.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
            Some(5 | 6) => Self::Busy,
            // Read-only, I/O error, full, cannot open.
            Some(8 | 10 | 13 | 14) => Self::Full,
            _ => Self::Other(error),
        }
    }
}

/// The database, open.
#[derive(Clone)]
pub(crate) struct Store {
    pool: sqlx::Pool<Db>,
}

impl Store {
    /// Opens the database file; makes it, and brings its schema up to date, only if `create`.
    pub(crate) async fn open(file: &Path, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(create)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A spent challenge has to stay spent when the power fails; the ledger shares the cost among requests.
            .synchronous(SqliteSynchronous::Full)
            // The ledger's statements differ in their number of rows: all of them stay prepared.
            .statement_cache_capacity(512)
            .busy_timeout(BUSY_TIMEOUT);
        let pool =
            SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY_TIMEOUT).connect_with(options).await?;
        sqlx::migrate!("migrations/sqlite").run(&pool).await?;
        Ok(Self { pool })
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<sqlx::pool::PoolConnection<Db>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction to read with: one state of the database, whatever is written meanwhile.
    pub(crate) async fn view(&self) -> Result<Change, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// A transaction to write with. It takes the write lock at once: one that upgraded later could fail half-way.
    pub(crate) async fn change(&self) -> Result<Change, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Closes every connection; what follows fails.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Times, versions and counts: none comes near 2^63.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The way back. A negative value can only be a damaged row; 0 is the careful reading of each of our numbers.
pub(crate) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_told_from_other_failures() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        let mut connection = store.read().await.unwrap();
        // SQLite's own limit on the file's size fails as a full disk does (https://sqlite.org/pragma.html).
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut *connection).await.unwrap();
        accounts::insert(&mut connection, "acme", 0).await.unwrap();
        let row =
            documents::ConfigRow { epoch: 1, version: 1, jws: "x".repeat(1 << 20), issued_at: 0, exported_at: None };
        let full = documents::insert_config(&mut connection, "acme", &row).await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");

        let small = documents::ConfigRow { jws: String::new(), ..row };
        documents::insert_config(&mut connection, "acme", &small).await.unwrap();
        let twice = documents::insert_config(&mut connection, "acme", &small).await;
        assert!(matches!(twice, Err(StoreError::Duplicate)), "{twice:?}");
        let orphan = documents::insert_config(&mut connection, "other", &small).await;
        assert!(matches!(orphan, Err(StoreError::Other(_))), "{orphan:?}");
    }
}
