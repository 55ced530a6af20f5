//! Verdicts that operators forced on single installations.

use super::{Connection, StoreError, int, uint};
use crate::policy::Verdict;

/// A forced verdict as it is stored.
pub(crate) struct ForcedRow {
    pub(crate) installation: String,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) set_at: u64,
    pub(crate) set_by: String,
    pub(crate) ends_at: u64,
}

/// Sets or replaces one.
pub(crate) async fn replace(connection: &mut Connection, account: &str, row: &ForcedRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO forced_verdicts (account, installation, verdict, reason, set_at, set_by, ends_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, installation) DO UPDATE SET \
         verdict = excluded.verdict, reason = excluded.reason, set_at = excluded.set_at, set_by = excluded.set_by, \
         ends_at = excluded.ends_at",
    )
    .bind(account)
    .bind(&row.installation)
    .bind(row.verdict.name())
    .bind(&row.reason)
    .bind(int(row.set_at))
    .bind(&row.set_by)
    .bind(int(row.ends_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Every one, those that have ended and were not swept yet too; the one that ends first is first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<ForcedRow>, StoreError> {
    let rows: Vec<(String, String, String, i64, String, i64)> = sqlx::query_as(
        "SELECT installation, verdict, reason, set_at, set_by, ends_at FROM forced_verdicts \
         WHERE account = $1 ORDER BY ends_at, installation",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(installation, verdict, reason, set_at, set_by, ends_at)| ForcedRow {
            installation,
            // What cannot be read is no pass.
            verdict: Verdict::from_name(&verdict).unwrap_or(Verdict::Fail),
            reason,
            set_at: uint(set_at),
            set_by,
            ends_at: uint(ends_at),
        })
        .collect())
}

/// Removes one; `false` if there is none.
pub(crate) async fn remove(connection: &mut Connection, account: &str, installation: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM forced_verdicts WHERE account = $1 AND installation = $2")
        .bind(account)
        .bind(installation)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Those that have ended go.
pub(crate) async fn purge(connection: &mut Connection, now: u64) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM forced_verdicts WHERE ends_at <= $1").bind(int(now)).execute(connection).await?;
    Ok(done.rows_affected())
}
