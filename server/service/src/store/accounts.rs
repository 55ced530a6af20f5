//! The account of this database, and the counter that tells nodes of changes.

use super::{Connection, StoreError, int};

pub(crate) async fn insert(connection: &mut Connection, account: &str, now: u64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO accounts (account, created_at, revision) VALUES ($1, $2, 1)")
        .bind(account)
        .bind(int(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// The account's name; `None` in an empty database.
pub(crate) async fn name(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT account FROM accounts ORDER BY created_at LIMIT 1")
        .fetch_optional(connection)
        .await?)
}

/// The number that rises with every change.
pub(crate) async fn revision(connection: &mut Connection, account: &str) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT revision FROM accounts WHERE account = $1")
        .bind(account)
        .fetch_one(connection)
        .await?)
}

/// Every change calls this in its own transaction.
pub(crate) async fn bump_revision(connection: &mut Connection, account: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET revision = revision + 1 WHERE account = $1")
        .bind(account)
        .execute(connection)
        .await?;
    Ok(())
}
