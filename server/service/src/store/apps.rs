//! Registered builds.

use super::{Connection, StoreError, int, uint};
use crate::appraise::{Digest, Registration};

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
        "INSERT INTO apps (app_id, account, platform, id, version, build, artifacts, code, registered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
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
    .execute(connection)
    .await?;
    Ok(())
}

type Columns = (String, String, String, String, String, String, String, i64, Option<i64>);

/// Every build of the account, retired ones too, the newest first.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<AppRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT app_id, platform, id, version, build, artifacts, code, registered_at, retired_at FROM apps \
         WHERE account = $1 ORDER BY registered_at DESC, app_id",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(app_id, platform, id, version, build, artifacts, code, registered_at, retired_at)| {
            let read =
                |json: &str| serde_json::from_str(json).map_err(|_| StoreError::Content { what: "a build's digests" });
            let (artifacts, code) = (read(&artifacts)?, read(&code)?);
            let retired = retired_at.is_some();
            let registration = Registration { app_id, platform, id, version, build, artifacts, code, retired };
            Ok(AppRow { registration, registered_at: uint(registered_at), retired_at: retired_at.map(uint) })
        })
        .collect()
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
