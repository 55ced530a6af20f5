//! Signed roots and configs.

use super::{Connection, StoreError, int, uint};

/// A config as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct ConfigRow {
    pub(crate) epoch: u64,
    pub(crate) version: u64,
    pub(crate) jws: String,
    pub(crate) issued_at: u64,
    pub(crate) exported_at: Option<u64>,
}

type Columns = (i64, i64, String, i64, Option<i64>);

fn row((epoch, version, jws, issued_at, exported_at): Columns) -> ConfigRow {
    ConfigRow {
        epoch: uint(epoch),
        version: uint(version),
        jws,
        issued_at: uint(issued_at),
        exported_at: exported_at.map(uint),
    }
}

pub(crate) async fn insert_root(
    connection: &mut Connection,
    account: &str,
    epoch: u64,
    jws: &str,
    now: u64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO roots (account, epoch, jws, created_at) VALUES ($1, $2, $3, $4)")
        .bind(account)
        .bind(int(epoch))
        .bind(jws)
        .bind(int(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Every signed root with its epoch, the oldest first.
pub(crate) async fn roots(connection: &mut Connection, account: &str) -> Result<Vec<(u64, String)>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT epoch, jws FROM roots WHERE account = $1 ORDER BY epoch")
        .bind(account)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|(epoch, jws)| (uint(epoch), jws)).collect())
}

pub(crate) async fn insert_config(
    connection: &mut Connection,
    account: &str,
    config: &ConfigRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO configs (account, epoch, version, jws, issued_at, exported_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(account)
    .bind(int(config.epoch))
    .bind(int(config.version))
    .bind(&config.jws)
    .bind(int(config.issued_at))
    .bind(config.exported_at.map(int))
    .execute(connection)
    .await?;
    Ok(())
}

/// The config with the highest (epoch, version): the live one.
pub(crate) async fn live(connection: &mut Connection, account: &str) -> Result<Option<ConfigRow>, StoreError> {
    let found: Option<Columns> = sqlx::query_as(
        "SELECT epoch, version, jws, issued_at, exported_at FROM configs \
         WHERE account = $1 ORDER BY epoch DESC, version DESC LIMIT 1",
    )
    .bind(account)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(row))
}

/// One config.
pub(crate) async fn config(
    connection: &mut Connection,
    account: &str,
    epoch: u64,
    version: u64,
) -> Result<Option<ConfigRow>, StoreError> {
    let found: Option<Columns> = sqlx::query_as(
        "SELECT epoch, version, jws, issued_at, exported_at FROM configs \
         WHERE account = $1 AND epoch = $2 AND version = $3",
    )
    .bind(account)
    .bind(int(epoch))
    .bind(int(version))
    .fetch_optional(connection)
    .await?;
    Ok(found.map(row))
}

/// Configs, the newest first.
pub(crate) async fn configs(
    connection: &mut Connection,
    account: &str,
    limit: u64,
) -> Result<Vec<ConfigRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT epoch, version, jws, issued_at, exported_at FROM configs \
         WHERE account = $1 ORDER BY epoch DESC, version DESC LIMIT $2",
    )
    .bind(account)
    .bind(int(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(row).collect())
}

/// Configs that somebody may hold: the live one, exported ones, and those that an installation reported.
pub(crate) async fn held_configs(connection: &mut Connection, account: &str) -> Result<Vec<ConfigRow>, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT c.epoch, c.version, c.jws, c.issued_at, c.exported_at FROM configs c WHERE c.account = $1 AND ( \
            c.exported_at IS NOT NULL \
            OR EXISTS (SELECT 1 FROM installations i \
                       WHERE i.account = c.account AND i.epoch = c.epoch AND i.version = c.version) \
            OR NOT EXISTS (SELECT 1 FROM configs n WHERE n.account = c.account \
                           AND (n.epoch > c.epoch OR (n.epoch = c.epoch AND n.version > c.version)))) \
         ORDER BY c.epoch DESC, c.version DESC",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(row).collect())
}

/// The config is in an app from now on.
pub(crate) async fn mark_exported(
    connection: &mut Connection,
    account: &str,
    epoch: u64,
    version: u64,
    now: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE configs SET exported_at = $4 \
         WHERE account = $1 AND epoch = $2 AND version = $3 AND exported_at IS NULL",
    )
    .bind(account)
    .bind(int(epoch))
    .bind(int(version))
    .bind(int(now))
    .execute(connection)
    .await?;
    Ok(())
}
