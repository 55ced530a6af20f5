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
    /// From when on it signs; `None`: never, it was superseded before its time came.
    pub(crate) signs_from: Option<u64>,
}

pub(crate) async fn insert(connection: &mut Connection, account: &str, row: &KeyRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sealed_keys (account, purpose, kid, algorithm, state, sealed, created_at, ends_at, signs_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(account)
    .bind(&row.purpose)
    .bind(&row.kid)
    .bind(&row.algorithm)
    .bind(&row.state)
    .bind(&row.sealed)
    .bind(int(row.created_at))
    .bind(row.ends_at.map(int))
    .bind(row.signs_from.map(int))
    .execute(connection)
    .await?;
    Ok(())
}

type Columns = (String, String, String, String, String, i64, Option<i64>, Option<i64>);

/// Every key of the account, the newest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<KeyRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT purpose, kid, algorithm, state, sealed, created_at, ends_at, signs_from FROM sealed_keys \
         WHERE account = $1 ORDER BY created_at DESC, kid",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    let row = |(purpose, kid, algorithm, state, sealed, created_at, ends_at, signs_from): Columns| KeyRow {
        purpose,
        kid,
        algorithm,
        state,
        sealed,
        created_at: uint(created_at),
        ends_at: ends_at.map(uint),
        signs_from: signs_from.map(uint),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Every key of `purpose` ends, whatever became of it before, and never signs again: one of them was stolen, and nobody
/// knows for certain which.
pub(crate) async fn revoke(connection: &mut Connection, account: &str, purpose: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sealed_keys SET state = 'retiring', ends_at = 0, signs_from = NULL WHERE account = $1 AND purpose = $2",
    )
    .bind(account)
    .bind(purpose)
    .execute(connection)
    .await?;
    Ok(())
}

/// The live keys of `purpose` retire, and so does `signing`, retiring already or not: they are accepted until `ends_at`.
pub(crate) async fn retire(
    connection: &mut Connection,
    account: &str,
    purpose: &str,
    signing: Option<&str>,
    ends_at: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sealed_keys SET state = 'retiring', ends_at = $4 \
         WHERE account = $1 AND purpose = $2 AND (state = 'live' OR kid = $3)",
    )
    .bind(account)
    .bind(purpose)
    .bind(signing)
    .bind(int(ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// The keys of `purpose` other than `signing` whose time comes after `now` never sign. They stay until they end: a node
/// whose clock is ahead may have signed with one.
pub(crate) async fn supersede(
    connection: &mut Connection,
    account: &str,
    purpose: &str,
    signing: Option<&str>,
    now: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sealed_keys SET signs_from = NULL \
         WHERE account = $1 AND purpose = $2 AND signs_from > $4 AND ($3 IS NULL OR kid <> $3)",
    )
    .bind(account)
    .bind(purpose)
    .bind(signing)
    .bind(int(now))
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

/// One key goes; `false` if there is none.
pub(crate) async fn remove(
    connection: &mut Connection,
    account: &str,
    purpose: &str,
    kid: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM sealed_keys WHERE account = $1 AND purpose = $2 AND kid = $3")
        .bind(account)
        .bind(purpose)
        .bind(kid)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
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
