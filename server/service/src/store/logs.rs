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
    /// The version of the policy on findings that decided; 0: none had been set.
    pub(crate) policy: u64,
    /// The verdict that was forced; empty: none.
    pub(crate) forced: String,
    /// Why evidence was refused; empty: none was.
    pub(crate) reason: String,
}

type AppraisalColumns = (String, i64, String, String, String, String, String, i64, String, i64, String, String);

fn appraisal(columns: AppraisalColumns) -> AppraisalRow {
    let (id, time, installation, platform, app, app_version, audience, passed, findings, policy, forced, reason) =
        columns;
    AppraisalRow {
        id,
        time: uint(time),
        installation,
        platform,
        app,
        app_version,
        audience,
        passed: passed != 0,
        findings,
        policy: uint(policy),
        forced,
        reason,
    }
}

/// Appraisals, the newest first.
pub(crate) async fn appraisals(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<AppraisalRow>, StoreError> {
    let rows: Vec<AppraisalColumns> = sqlx::query_as(
        "SELECT id, time, installation, platform, app, app_version, audience, passed, findings, policy, forced, \
         reason \
         FROM appraisals WHERE account = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(appraisal).collect())
}

/// The newest appraisals of those that passed, and as many of those that failed: neither kind hides the other.
pub(crate) async fn appraisals_of_each_kind(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<AppraisalRow>, StoreError> {
    let mut all = Vec::new();
    for passed in [1_i64, 0] {
        let rows: Vec<AppraisalColumns> = sqlx::query_as(
            "SELECT id, time, installation, platform, app, app_version, audience, passed, findings, policy, forced, \
             reason \
             FROM appraisals WHERE account = $1 AND passed = $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(account)
        .bind(passed)
        .bind(int(limit))
        .fetch_all(&mut *connection)
        .await?;
        all.extend(rows.into_iter().map(appraisal));
    }
    Ok(all)
}

/// One report as it is stored.
pub(crate) struct ReportRow {
    pub(crate) id: String,
    pub(crate) received_at: u64,
    pub(crate) thumbprint: String,
    /// The report's JSON.
    pub(crate) report: String,
}

/// Stores a report.
pub(crate) async fn insert_report(
    connection: &mut Connection,
    account: &str,
    row: &ReportRow,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO reports (id, account, received_at, thumbprint, report) VALUES ($1, $2, $3, $4, $5)")
        .bind(&row.id)
        .bind(account)
        .bind(int(row.received_at))
        .bind(&row.thumbprint)
        .bind(&row.report)
        .execute(connection)
        .await?;
    Ok(())
}

/// When reports came since `since`, and by which keys; the oldest first.
pub(crate) async fn report_times(
    connection: &mut Connection,
    account: &str,
    since: u64,
) -> Result<Vec<(u64, String)>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT received_at, thumbprint FROM reports WHERE account = $1 AND received_at >= $2 ORDER BY received_at",
    )
    .bind(account)
    .bind(int(since))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(at, thumbprint)| (uint(at), thumbprint)).collect())
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

/// Old appraisals and reports go, and of the appraisals that passed and of those that failed all but the newest `keep`
/// each: neither kind pushes the other out.
pub(crate) async fn purge(connection: &mut Connection, before: u64, keep: u64) -> Result<u64, StoreError> {
    let mut rows = 0;
    for passed in [0_i64, 1] {
        let done = sqlx::query(
            "DELETE FROM appraisals WHERE passed = $1 AND (time < $2 \
             OR id <= (SELECT id FROM appraisals WHERE passed = $1 ORDER BY id DESC LIMIT 1 OFFSET $3))",
        )
        .bind(passed)
        .bind(int(before))
        .bind(int(keep))
        .execute(&mut *connection)
        .await?;
        rows += done.rows_affected();
    }
    let reports =
        sqlx::query("DELETE FROM reports WHERE received_at < $1").bind(int(before)).execute(connection).await?;
    Ok(rows + reports.rows_affected())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::{DATABASE_FILE, Store};

    async fn left(connection: &mut Connection) -> Vec<String> {
        sqlx::query_scalar("SELECT id FROM appraisals ORDER BY id").fetch_all(connection).await.unwrap()
    }

    async fn insert(connection: &mut Connection, id: &str, time: i64, passed: i64) {
        sqlx::query("INSERT INTO appraisals VALUES ($1, 'acme', $2, '', '', '', '', '', $3, '', 0, '', '')")
            .bind(id)
            .bind(time)
            .bind(passed)
            .execute(connection)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn neither_kind_of_appraisal_pushes_the_other_out() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        let mut connection = store.read().await.unwrap();
        for (flood, passed) in [("decoys", 0), ("tokens", 1)] {
            sqlx::query("DELETE FROM appraisals").execute(&mut *connection).await.unwrap();
            insert(&mut connection, "a-old", 9, 1 - passed).await;
            insert(&mut connection, "b-rare", 10, 1 - passed).await;
            for id in ["c", "d", "e", "f"] {
                insert(&mut connection, id, 11, passed).await;
            }
            assert_eq!(purge(&mut connection, 10, 2).await.unwrap(), 3, "{flood}");
            assert_eq!(left(&mut connection).await, ["b-rare", "e", "f"], "{flood}");
        }
    }
}
