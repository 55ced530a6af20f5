//! Installations whose evidence has passed.

use super::{Connection, StoreError, int, uint};

/// An installation as it is stored.
pub(crate) struct InstallationRow {
    pub(crate) installation: String,
    pub(crate) platform: String,
    pub(crate) app: String,
    pub(crate) app_version: String,
    pub(crate) epoch: u64,
    pub(crate) version: u64,
    /// What the last request that passed said of the user; empty: nothing.
    pub(crate) user_property: String,
    pub(crate) created_at: u64,
    pub(crate) seen_at: u64,
}

type Columns = (String, String, String, String, i64, i64, String, i64, i64);

/// Installations, the one seen last first: all, or where `user` is not empty, that user's.
pub(crate) async fn list(
    connection: &mut Connection,
    account: &str,
    user: &str,
    limit: u64,
) -> Result<Vec<InstallationRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT installation, platform, app, app_version, epoch, version, user_property, created_at, seen_at \
         FROM installations WHERE account = $1 AND ($2 = '' OR user_property = $2) \
         ORDER BY seen_at DESC, installation LIMIT $3",
    )
    .bind(account)
    .bind(user)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    let row =
        |(installation, platform, app, app_version, epoch, version, user_property, created_at, seen_at): Columns| {
            InstallationRow {
                installation,
                platform,
                app,
                app_version,
                epoch: uint(epoch),
                version: uint(version),
                user_property,
                created_at: uint(created_at),
                seen_at: uint(seen_at),
            }
        };
    Ok(rows.into_iter().map(row).collect())
}

/// How many installations reported each (epoch, version) last.
pub(crate) async fn count_by_position(
    connection: &mut Connection,
    account: &str,
) -> Result<Vec<((u64, u64), u64)>, StoreError> {
    let rows: Vec<(i64, i64, i64)> =
        sqlx::query_as("SELECT epoch, version, COUNT(*) FROM installations WHERE account = $1 GROUP BY epoch, version")
            .bind(account)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(epoch, version, count)| ((uint(epoch), uint(version)), uint(count))).collect())
}

/// How many there are.
pub(crate) async fn count(connection: &mut Connection, account: &str) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM installations WHERE account = $1")
        .bind(account)
        .fetch_one(connection)
        .await?;
    Ok(uint(count))
}

/// How many run this version of this app.
pub(crate) async fn count_of(
    connection: &mut Connection,
    account: &str,
    platform: &str,
    app: &str,
    version: &str,
) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM installations WHERE account = $1 AND platform = $2 AND app = $3 AND app_version = $4",
    )
    .bind(account)
    .bind(platform)
    .bind(app)
    .bind(version)
    .fetch_one(connection)
    .await?;
    Ok(uint(count))
}

/// Whether this is the install key of one.
pub(crate) async fn is_key(connection: &mut Connection, account: &str, thumbprint: &str) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM installations WHERE account = $1 AND thumbprint = $2")
        .bind(account)
        .bind(thumbprint)
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// Every installation's id: an ARC names one by the start of its digest.
pub(crate) async fn ids(connection: &mut Connection, account: &str) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT installation FROM installations WHERE account = $1")
        .bind(account)
        .fetch_all(connection)
        .await?)
}

/// Idle ones go.
pub(crate) async fn purge(connection: &mut Connection, seen_before: u64) -> Result<u64, StoreError> {
    let done =
        sqlx::query("DELETE FROM installations WHERE seen_at < $1").bind(int(seen_before)).execute(connection).await?;
    Ok(done.rows_affected())
}
