//! Registered builds.

use super::{Connection, StoreError, int, uint};
use crate::appraise::{Digest, Registration};
use crate::package::Package;

/// A registered build as it is stored.
pub(crate) struct AppRow {
    pub(crate) registration: Registration,
    pub(crate) registered_at: u64,
    pub(crate) retired_at: Option<u64>,
}

pub(crate) async fn insert(
    connection: &mut Connection,
    account: &str,
    app: &Registration,
    now: u64,
) -> Result<(), StoreError> {
    let json = |digests: &[Digest]| serde_json::to_string(digests).unwrap_or_default();
    sqlx::query(
        "INSERT INTO apps (app_id, account, platform, id, version, build, artifacts, code, registered_at, \
         format, team, signers, entries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&app.app_id)
    .bind(account)
    .bind(&app.platform)
    .bind(&app.id)
    .bind(&app.version)
    .bind(&app.build)
    .bind(json(&app.artifacts))
    .bind(json(&app.code))
    .bind(int(now))
    .bind(&app.package.format)
    .bind(&app.package.team)
    .bind(serde_json::to_string(&app.package.signers).unwrap_or_default())
    .bind(serde_json::to_string(&app.package.entries).unwrap_or_default())
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Columns {
    app_id: String,
    platform: String,
    id: String,
    version: String,
    build: String,
    artifacts: String,
    code: String,
    registered_at: i64,
    retired_at: Option<i64>,
    format: String,
    team: String,
    signers: String,
    entries: String,
}

/// Every build of the account, retired ones too, the newest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<AppRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT app_id, platform, id, version, build, artifacts, code, registered_at, retired_at, \
         format, team, signers, entries FROM apps WHERE account = $1 ORDER BY registered_at DESC, app_id",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(row).collect()
}

fn row(columns: Columns) -> Result<AppRow, StoreError> {
    let Columns { app_id, platform, id, version, build, registered_at, retired_at, format, team, .. } = columns;
    let (artifacts, code) = (read(&columns.artifacts)?, read(&columns.code)?);
    let package = Package { format, team, signers: read(&columns.signers)?, entries: read(&columns.entries)? };
    let retired = retired_at.is_some();
    let registration = Registration { app_id, platform, id, version, build, artifacts, code, package, retired };
    Ok(AppRow { registration, registered_at: uint(registered_at), retired_at: retired_at.map(uint) })
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::Content { what: "a build's digests" })
}

/// Retires a build; `false` if there is none of that id that is not retired yet.
pub(crate) async fn retire(
    connection: &mut Connection,
    account: &str,
    app_id: &str,
    now: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE apps SET retired_at = $3 WHERE account = $1 AND app_id = $2 AND retired_at IS NULL")
        .bind(account)
        .bind(app_id)
        .bind(int(now))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
