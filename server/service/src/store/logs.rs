//! Appraisals, reports and the audit log.

use super::{Connection, StoreError, int, uint};

/// One change by an operator.
pub(crate) struct AuditRow {
    pub(crate) id: String,
    pub(crate) time: u64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

pub(crate) async fn insert_audit(connection: &mut Connection, account: &str, row: &AuditRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (id, account, time, actor, action, subject, before, after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.id)
    .bind(account)
    .bind(int(row.time))
    .bind(&row.actor)
    .bind(&row.action)
    .bind(&row.subject)
    .bind(row.before.as_deref())
    .bind(row.after.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

type AuditColumns = (String, i64, String, String, String, Option<String>, Option<String>);

/// Changes, the newest first.
pub(crate) async fn audit(connection: &mut Connection, account: &str, limit: u64) -> Result<Vec<AuditRow>, StoreError> {
    let rows: Vec<AuditColumns> = sqlx::query_as(
        "SELECT id, time, actor, action, subject, before, after FROM audit \
         WHERE account = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, time, actor, action, subject, before, after)| AuditRow {
            id,
            time: uint(time),
            actor,
            action,
            subject,
            before,
            after,
        })
        .collect())
}

/// One appraisal as it is stored.
#[derive(Clone)]
pub(crate) struct AppraisalRow {
    pub(crate) id: String,
    pub(crate) time: u64,
    pub(crate) installation: String,
    pub(crate) platform: String,
    pub(crate) app: String,
    pub(crate) app_version: String,
    pub(crate) audience: String,
    pub(crate) passed: bool,
    /// Codes, separated by spaces.
    pub(crate) findings: String,
}

type AppraisalColumns = (String, i64, String, String, String, String, String, i64, String);

/// Appraisals, the newest first.
pub(crate) async fn appraisals(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<AppraisalRow>, StoreError> {
    let rows: Vec<AppraisalColumns> = sqlx::query_as(
        "SELECT id, time, installation, platform, app, app_version, audience, passed, findings FROM appraisals \
         WHERE account = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, time, installation, platform, app, app_version, audience, passed, findings)| AppraisalRow {
            id,
            time: uint(time),
            installation,
            platform,
            app,
            app_version,
            audience,
            passed: passed != 0,
            findings,
        })
        .collect())
}

/// One report as it is stored.
pub(crate) struct ReportRow {
    pub(crate) id: String,
    pub(crate) received_at: u64,
    pub(crate) thumbprint: String,
    /// The report's JSON.
    pub(crate) report: String,
}

/// Stores a report unless its key or the account has sent too many since `since`; `false` if so.
pub(crate) async fn insert_report(
    connection: &mut Connection,
    account: &str,
    row: &ReportRow,
    since: u64,
    caps: (u64, u64),
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO reports (id, account, received_at, thumbprint, report) SELECT $1, $2, $3, $4, $5 \
         WHERE (SELECT COUNT(*) FROM reports WHERE account = $2 AND thumbprint = $4 AND received_at >= $6) < $7 \
         AND (SELECT COUNT(*) FROM reports WHERE account = $2 AND received_at >= $6) < $8",
    )
    .bind(&row.id)
    .bind(account)
    .bind(int(row.received_at))
    .bind(&row.thumbprint)
    .bind(&row.report)
    .bind(int(since))
    .bind(int(caps.0))
    .bind(int(caps.1))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Reports, the newest first.
pub(crate) async fn reports(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<ReportRow>, StoreError> {
    let rows: Vec<(String, i64, String, String)> = sqlx::query_as(
        "SELECT id, received_at, thumbprint, report FROM reports WHERE account = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, received_at, thumbprint, report)| ReportRow {
            id,
            received_at: uint(received_at),
            thumbprint,
            report,
        })
        .collect())
}

/// Old appraisals and reports go, and of the appraisals all but the newest `keep`.
pub(crate) async fn purge(connection: &mut Connection, before: u64, keep: u64) -> Result<u64, StoreError> {
    let appraisals = sqlx::query(
        "DELETE FROM appraisals WHERE time < $1 \
         OR id <= (SELECT id FROM appraisals ORDER BY id DESC LIMIT 1 OFFSET $2)",
    )
    .bind(int(before))
    .bind(int(keep))
    .execute(&mut *connection)
    .await?;
    let reports =
        sqlx::query("DELETE FROM reports WHERE received_at < $1").bind(int(before)).execute(connection).await?;
    Ok(appraisals.rows_affected() + reports.rows_affected())
}
