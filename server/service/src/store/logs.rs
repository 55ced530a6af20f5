//! Appraisals, reports and the audit log.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

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
    /// In what the app differs from the registered build, as JSON.
    pub(crate) differences: String,
    /// The version of the policy on findings that decided; 0: none had been set.
    pub(crate) policy: u64,
    /// The verdict that was forced; empty: none.
    pub(crate) forced: String,
    /// Why evidence was refused; empty: none was.
    pub(crate) reason: String,
    /// The development key that the request claimed; empty: none.
    pub(crate) development_key: String,
    /// Who asked for that key; empty: it is not known.
    pub(crate) development_name: String,
    /// What the app said of its user; empty: nothing.
    pub(crate) user_property: String,
    /// The request's trace id; empty: none.
    pub(crate) trace_id: String,
}

/// A query for appraisals. Their columns are read by name: they are more than a tuple holds well.
macro_rules! select_appraisals {
    ($rest:literal) => {
        concat!(
            "SELECT id, time, installation, platform, app, app_version, audience, passed, findings, policy, forced, ",
            "differences, reason, development_key, development_name, user_property, trace_id FROM appraisals ",
            $rest
        )
    };
}

impl<'r> sqlx::FromRow<'r, SqliteRow> for AppraisalRow {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            time: uint(row.try_get("time")?),
            installation: row.try_get("installation")?,
            platform: row.try_get("platform")?,
            app: row.try_get("app")?,
            app_version: row.try_get("app_version")?,
            audience: row.try_get("audience")?,
            passed: row.try_get::<i64, _>("passed")? != 0,
            findings: row.try_get("findings")?,
            policy: uint(row.try_get("policy")?),
            forced: row.try_get("forced")?,
            differences: row.try_get("differences")?,
            reason: row.try_get("reason")?,
            development_key: row.try_get("development_key")?,
            development_name: row.try_get("development_name")?,
            user_property: row.try_get("user_property")?,
            trace_id: row.try_get("trace_id")?,
        })
    }
}

/// Which appraisals are looked for; empty: any.
pub(crate) struct Sought<'a> {
    pub(crate) user: &'a str,
    pub(crate) trace: &'a str,
}

/// Appraisals, the newest first.
pub(crate) async fn appraisals(
    connection: &mut Connection,
    account: &str,
    sought: Sought<'_>,
    limit: u64,
) -> Result<Vec<AppraisalRow>, StoreError> {
    let query = select_appraisals!(
        "WHERE account = $1 AND ($2 = '' OR user_property = $2) AND ($3 = '' OR trace_id = $3) ORDER BY id DESC LIMIT $4"
    );
    Ok(sqlx::query_as(query)
        .bind(account)
        .bind(sought.user)
        .bind(sought.trace)
        .bind(int(limit))
        .fetch_all(connection)
        .await?)
}

/// The newest appraisals of those that passed, and as many of those that failed: neither kind hides the other.
pub(crate) async fn appraisals_of_each_kind(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<AppraisalRow>, StoreError> {
    let mut all = Vec::new();
    for passed in [1_i64, 0] {
        let query = select_appraisals!("WHERE account = $1 AND passed = $2 ORDER BY id DESC LIMIT $3");
        let rows: Vec<AppraisalRow> =
            sqlx::query_as(query).bind(account).bind(passed).bind(int(limit)).fetch_all(&mut *connection).await?;
        all.extend(rows);
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
        let insert = "INSERT INTO appraisals \
             (id, account, time, installation, platform, app, app_version, audience, passed, findings) \
             VALUES ($1, 'acme', $2, '', '', '', '', '', $3, '')";
        sqlx::query(insert).bind(id).bind(time).bind(passed).execute(connection).await.unwrap();
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
