//! Operator tokens: only their digests are stored.

use super::{Connection, StoreError, int, uint};

/// An operator token as it is stored.
#[derive(Clone)]
pub(crate) struct OperatorRow {
    pub(crate) token_id: String,
    pub(crate) name: String,
    /// SHA-256 of the secret, in hexadecimal. The secret has 256 random bits: no salt or slow hash would add to that.
    pub(crate) digest: String,
    /// Separated by spaces.
    pub(crate) scopes: String,
    pub(crate) created_at: u64,
}

pub(crate) async fn insert(connection: &mut Connection, account: &str, row: &OperatorRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO operator_tokens (token_id, account, name, digest, scopes, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&row.token_id)
    .bind(account)
    .bind(&row.name)
    .bind(&row.digest)
    .bind(&row.scopes)
    .bind(int(row.created_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Every token of the account, the oldest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<OperatorRow>, StoreError> {
    let rows: Vec<(String, String, String, String, i64)> = sqlx::query_as(
        "SELECT token_id, name, digest, scopes, created_at FROM operator_tokens \
         WHERE account = $1 ORDER BY created_at, token_id",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(token_id, name, digest, scopes, created_at)| OperatorRow {
            token_id,
            name,
            digest,
            scopes,
            created_at: uint(created_at),
        })
        .collect())
}

/// Removes a token; `false` if there is none of that id.
pub(crate) async fn remove(connection: &mut Connection, account: &str, token_id: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM operator_tokens WHERE account = $1 AND token_id = $2")
        .bind(account)
        .bind(token_id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
