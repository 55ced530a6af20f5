//! Development keys: of each a digest, sealed.

use super::{Connection, StoreError, int, uint};

/// A development key as it is stored.
#[derive(Clone)]
pub(crate) struct DevelopmentKeyRow {
    pub(crate) key_id: String,
    /// Who asked for it.
    pub(crate) name: String,
    /// The digest, sealed for the key's id.
    pub(crate) sealed: String,
    pub(crate) created_at: u64,
    pub(crate) created_by: String,
    pub(crate) expires_at: u64,
    pub(crate) revoked_at: Option<u64>,
}

type Columns = (String, String, String, i64, String, i64, Option<i64>);

/// Stores a new one.
pub(crate) async fn insert(
    connection: &mut Connection,
    account: &str,
    row: &DevelopmentKeyRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO development_keys (key_id, account, name, sealed, created_at, created_by, expires_at, revoked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.key_id)
    .bind(account)
    .bind(&row.name)
    .bind(&row.sealed)
    .bind(int(row.created_at))
    .bind(&row.created_by)
    .bind(int(row.expires_at))
    .bind(row.revoked_at.map(int))
    .execute(connection)
    .await?;
    Ok(())
}

/// Every one, those that have ended and were not swept yet too; the newest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<DevelopmentKeyRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT key_id, name, sealed, created_at, created_by, expires_at, revoked_at FROM development_keys \
         WHERE account = $1 ORDER BY created_at DESC, key_id",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(key_id, name, sealed, created_at, created_by, expires_at, revoked_at)| DevelopmentKeyRow {
            key_id,
            name,
            sealed,
            created_at: uint(created_at),
            created_by,
            expires_at: uint(expires_at),
            revoked_at: revoked_at.map(uint),
        })
        .collect())
}

/// Says when one ends, and when it was revoked, if it was.
pub(crate) async fn end(
    connection: &mut Connection,
    account: &str,
    key_id: &str,
    expires_at: u64,
    revoked_at: Option<u64>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE development_keys SET expires_at = $3, revoked_at = $4 WHERE account = $1 AND key_id = $2")
        .bind(account)
        .bind(key_id)
        .bind(int(expires_at))
        .bind(revoked_at.map(int))
        .execute(connection)
        .await?;
    Ok(())
}

/// Those that ended before this time go.
pub(crate) async fn purge(connection: &mut Connection, ended_before: u64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM development_keys WHERE expires_at < $1")
        .bind(int(ended_before))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
