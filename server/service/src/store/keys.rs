//! Sealed keys.

use super::{Connection, StoreError, int, uint};

/// A key as it is stored.
#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) purpose: String,
    pub(crate) kid: String,
    pub(crate) algorithm: String,
    pub(crate) state: String,
    pub(crate) sealed: String,
    pub(crate) created_at: u64,
    pub(crate) ends_at: Option<u64>,
}

pub(crate) async fn insert(connection: &mut Connection, account: &str, row: &KeyRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sealed_keys (account, purpose, kid, algorithm, state, sealed, created_at, ends_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(account)
    .bind(&row.purpose)
    .bind(&row.kid)
    .bind(&row.algorithm)
    .bind(&row.state)
    .bind(&row.sealed)
    .bind(int(row.created_at))
    .bind(row.ends_at.map(int))
    .execute(connection)
    .await?;
    Ok(())
}

type Columns = (String, String, String, String, String, i64, Option<i64>);

/// Every key of the account, the newest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<KeyRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT purpose, kid, algorithm, state, sealed, created_at, ends_at FROM sealed_keys \
         WHERE account = $1 ORDER BY created_at DESC, kid",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    let row = |(purpose, kid, algorithm, state, sealed, created_at, ends_at): Columns| KeyRow {
        purpose,
        kid,
        algorithm,
        state,
        sealed,
        created_at: uint(created_at),
        ends_at: ends_at.map(uint),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The live keys of `purpose` retire: they are accepted until `ends_at`, and sign nothing new.
pub(crate) async fn retire(
    connection: &mut Connection,
    account: &str,
    purpose: &str,
    ends_at: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sealed_keys SET state = 'retiring', ends_at = $3 \
         WHERE account = $1 AND purpose = $2 AND state = 'live'",
    )
    .bind(account)
    .bind(purpose)
    .bind(int(ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// The keys of `purpose` in `state` go.
pub(crate) async fn remove_state(
    connection: &mut Connection,
    account: &str,
    purpose: &str,
    state: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sealed_keys WHERE account = $1 AND purpose = $2 AND state = $3")
        .bind(account)
        .bind(purpose)
        .bind(state)
        .execute(connection)
        .await?;
    Ok(())
}

/// The keys of `purpose` that wait become live.
pub(crate) async fn promote_next(connection: &mut Connection, account: &str, purpose: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE sealed_keys SET state = 'live' WHERE account = $1 AND purpose = $2 AND state = 'next'")
        .bind(account)
        .bind(purpose)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keys whose overlap is over go for good.
pub(crate) async fn purge(connection: &mut Connection, now: u64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM sealed_keys WHERE state = 'retiring' AND ends_at < $1")
        .bind(int(now))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
