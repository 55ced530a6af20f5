//! The policy on findings, every version of it.

use super::{Connection, StoreError, int, uint};
use crate::policy::{Document, Rules};

/// One version as it is stored.
pub(crate) struct PolicyRow {
    pub(crate) version: u64,
    /// Its JSON. A later version of the service may have written it.
    pub(crate) policy: String,
    pub(crate) set_at: u64,
    pub(crate) set_by: String,
}

pub(crate) async fn insert(connection: &mut Connection, account: &str, row: &PolicyRow) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO finding_policies (account, version, policy, set_at, set_by) VALUES ($1, $2, $3, $4, $5)")
        .bind(account)
        .bind(int(row.version))
        .bind(&row.policy)
        .bind(int(row.set_at))
        .bind(&row.set_by)
        .execute(connection)
        .await?;
    Ok(())
}

/// Versions, the newest first.
pub(crate) async fn list(connection: &mut Connection, account: &str, limit: u64) -> Result<Vec<PolicyRow>, StoreError> {
    let rows: Vec<(i64, String, i64, String)> = sqlx::query_as(
        "SELECT version, policy, set_at, set_by FROM finding_policies \
         WHERE account = $1 ORDER BY version DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(version, policy, set_at, set_by)| PolicyRow {
            version: uint(version),
            policy,
            set_at: uint(set_at),
            set_by,
        })
        .collect())
}

/// The newest version, if any was set.
pub(crate) async fn newest(connection: &mut Connection, account: &str) -> Result<Option<PolicyRow>, StoreError> {
    Ok(list(connection, account, 1).await?.pop())
}

/// What is in force, with its version; version 0 is that of an account that never set one.
pub(crate) async fn in_force(connection: &mut Connection, account: &str) -> Result<(u64, Rules), StoreError> {
    match newest(connection, account).await? {
        None => Ok((0, Rules::default())),
        Some(row) => {
            let document = Document::recall(&row.policy);
            let document = document.ok_or(StoreError::Content { what: "a policy on findings" })?;
            Ok((row.version, document.rules))
        }
    }
}
